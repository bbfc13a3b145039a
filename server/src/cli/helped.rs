//! Whose options `--help` shows: those of the server with the server and with whoever uses one of them. All are accepted everywhere,
//! as the environment sets them for all.

use clap::{Arg, ArgMatches, Command, CommandFactory as _};

use super::{Cli, demo};

/// Under which the server's own options stand.
const HEADING: &str = "Options of the server";

/// Said where they are not shown.
const ELSEWHERE: &str = "Options of the server, which are accepted here too: fluxor serve --help";

/// The options that running the server is about.
const SERVER: &[&str] = &[
    "watch_definitions",
    "listen",
    "outbox_dir",
    "outbox_url",
    "smtp_url",
    "mail_dir",
    "mail_from",
    "public_url",
    "session_idle_hours",
    "session_hours",
    "link_hours",
    "replica",
    "trusted_proxies",
    "proxy_header",
    "limits_store",
    "limits_prefix",
    "limits_patience",
    "traffic_hours",
    "webhook_allow",
    "max_in_flight",
    "drain_timeout",
];

/// Where messages and mails go.
const MESSAGES: &[&str] = &["outbox_dir", "outbox_url", "smtp_url", "mail_dir", "mail_from"];

/// The server's options that a command uses.
fn used(command: &str) -> &'static [&'static str] {
    match command {
        "serve" | "demo" => SERVER,
        "sign-in" => &["listen", "public_url"],
        // What they do may send something.
        "instances" | "import" | "migrate" | "organisation" | "reorder" => MESSAGES,
        "notices" => &["mail_from", "public_url"],
        "limits" => &["traffic_hours"],
        "settings" | "webhooks" => &["webhook_allow"],
        _ => &[],
    }
}

/// The command line as people read about it.
pub(super) fn command() -> Command {
    let mut command = Cli::command();
    // From here on each command has the options of all.
    command.build();
    let mut command = arranged(command, SERVER);
    for own in command.get_subcommands_mut() {
        let uses = used(own.get_name());
        below(own, uses);
        if own.get_name() == "demo" {
            *own = demo::with_its_own(std::mem::take(own));
        }
    }
    command
}

/// What the arguments say; where they are wrong, that is told, and the program ends.
pub(super) fn matches() -> ArgMatches {
    command().try_get_matches().unwrap_or_else(|error| match error.use_stderr() {
        false => error.exit(),
        true => without_environment(command()).get_matches(),
    })
}

/// The same where its lines of usage do not name what the environment gives, as if that were what is missing.
fn without_environment(command: Command) -> Command {
    let is_given = |option: &Arg| option.get_env().is_some_and(|name| std::env::var_os(name).is_some());
    let mut command = command.mut_args(|option| if is_given(&option) { option.hide(true) } else { option });
    for own in command.get_subcommands_mut() {
        *own = without_environment(std::mem::take(own));
    }
    command
}

/// A command and all that are in it.
fn below(command: &mut Command, uses: &[&str]) {
    *command = arranged(std::mem::take(command), uses);
    for own in command.get_subcommands_mut() {
        below(own, uses);
    }
}

fn arranged(command: Command, uses: &[&str]) -> Command {
    let command = command.mut_args(|option| match option.get_id().as_str() {
        id if !SERVER.contains(&id) => option,
        id => {
            let hidden = !uses.contains(&id);
            option.help_heading(HEADING).hide(hidden)
        }
    });
    let says = uses.len() == SERVER.len() || command.get_after_help().is_some();
    if says { command } else { command.after_help(ELSEWHERE) }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    fn help(arguments: &[&str]) -> String {
        let asked = [&["fluxor"], arguments, &["--help"]].concat();
        command().try_get_matches_from(asked).unwrap_err().to_string()
    }

    #[test]
    fn the_servers_options_stand_with_the_server() {
        let known: Vec<String> = Cli::command().get_arguments().map(|option| option.get_id().to_string()).collect();
        assert!(SERVER.iter().all(|option| known.iter().any(|id| id == option)));
        for whole in [help(&[]), help(&["serve"])] {
            let (plain, own) = whole.split_once(HEADING).unwrap();
            assert!(
                plain.contains("--database") && !plain.contains("--smtp-url") && own.contains("--smtp-url"),
                "{whole}"
            );
        }
        let keys = help(&["keys", "list"]);
        assert!(keys.contains("--database") && keys.contains("fluxor serve --help"), "{keys}");
        assert!(SERVER.iter().all(|option| !keys.contains(&format!("--{}", option.replace('_', "-")))), "{keys}");
        let link = help(&["sign-in"]);
        assert!(link.contains("--public-url") && !link.contains("--smtp-url"), "{link}");
    }

    #[test]
    fn what_is_not_shown_is_accepted_all_the_same() {
        let given = ["fluxor", "keys", "list", "--listen", "127.0.0.1:0", "--traffic-hours", "3"];
        let cli = Cli::from_arg_matches(&command().try_get_matches_from(given).unwrap()).unwrap();
        assert_eq!((cli.config.listen.port(), cli.config.traffic_hours), (0, 3));
        let demo = |given: &[&str]| {
            let given = [&["fluxor", "demo"], given].concat();
            Cli::from_arg_matches(&command().try_get_matches_from(given).unwrap()).unwrap().config
        };
        let (own, named) = (demo(&[]), demo(&["--database", "fluxor.sqlite", "--listen", "127.0.0.1:8080"]));
        assert_eq!((&*own.database, own.listen.port()), ("fluxor-demo.sqlite", 0));
        assert_eq!((&*named.database, named.listen.port()), ("fluxor.sqlite", 8080));
        let shown = help(&["demo"]);
        assert!(shown.contains("[default: fluxor-demo.sqlite]") && shown.contains("[default: 127.0.0.1:0]"), "{shown}");
        assert!(help(&["serve"]).contains("[default: fluxor.sqlite]"));
        let early = ["fluxor", "--max-in-flight", "7", "keys", "list"];
        let cli = Cli::from_arg_matches(&command().try_get_matches_from(early).unwrap()).unwrap();
        assert_eq!(cli.config.max_in_flight, 7);
    }
}
