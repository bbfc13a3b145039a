//! Connections: what heals, what is refused, and in which words.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use fluxor_limits::shared::redis::Redis;
use fluxor_limits::store::{Remote as _, Store as _, StoreAway};
use fluxor_limits::{Bucket, Leases, Span, Strategy, Verdict};

use crate::support::{Server, ask, connected, free_port, policy, run, system_now};

fn bucket() -> Strategy {
    Strategy::Bucket(Bucket::new(10, 1, Span::from_secs(3_600)))
}

/// What is left after a call of cost 1.
async fn call(store: &Redis, key: &str) -> Result<u64, StoreAway> {
    let policy = policy(&bucket());
    let weighed = store.weigh(system_now(), &[ask(&policy, key, 1)], &[]).await?;
    Ok(weighed.found[0].view.remaining)
}

fn told(answer: Result<impl Sized, StoreAway>) -> String {
    answer.err().expect("it is refused").0
}

#[test]
fn before_the_first_connection_it_is_away() {
    let store = Redis::new("redis://127.0.0.1:1/").unwrap();
    run(async {
        assert_eq!(told(call(&store, "k").await), "not connected yet");
        assert_eq!(told(store.ping().await), "not connected yet");
        assert_eq!(told(store.enlist("me", Span::from_secs(1)).await), "not connected yet");
        assert_eq!((store.is_shared(), store.replicas()), (true, 1));
    });
}

#[test]
fn what_is_no_url_is_said_without_the_password() {
    for wrong in ["http://me:secret@host/", "secret", "redis://me:secret@host:port/", "redisss://me:secret@host/"] {
        let told = Redis::new(wrong).unwrap_err();
        assert!(!told.contains("secret") && told.contains("redis://"), "{told}");
    }
    let shown = format!("{:?}", Redis::new("redis://me:secret@host/").unwrap());
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn prefixes_are_one_slot() {
    let key = |prefix: &str| Redis::new("redis://h").unwrap().with_prefix(prefix).key("k");
    assert_eq!(Redis::new("redis://h").unwrap().key("k"), "{fluxor:limits}:k");
    assert_eq!(key("mine:"), "{mine}:k");
    assert_eq!(key("{a}b{}"), "{ab}:k");
    assert_eq!(key("{}:"), "{fluxor:limits}:k");
}

#[test]
fn a_script_that_was_forgotten_is_loaded_again() {
    let Some(server) = Server::own(&[]) else { return };
    run(async {
        let store = connected(server.store()).await;
        assert_eq!(call(&store, "k").await, Ok(9));
        let () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut server.raw()).unwrap();
        assert_eq!(call(&store, "k").await, Ok(8));
        let () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut server.raw()).unwrap();
        assert_eq!(store.enlist("me", Span::from_secs(1)).await, Ok(1));
    });
}

#[test]
fn a_server_that_was_started_again_is_found_by_reconnecting() {
    let Some(mut server) = Server::own(&[]) else { return };
    run(async {
        let store = connected(server.store()).await;
        assert_eq!(call(&store, "k").await, Ok(9));
        server.stop();
        assert!(call(&store, "k").await.is_err() && store.ping().await.is_err());
        assert_eq!(told(store.reconnect().await), "nobody listens at Redis' address");
        server.start_again();
        store.reconnect().await.unwrap();
        store.ping().await.unwrap();
        assert_eq!(call(&store, "k").await, Ok(9));
    });
}

#[test]
fn a_replica_is_refused() {
    let (Some(first), Some(other)) = (Server::own(&[]), Server::own(&[])) else { return };
    run(async {
        let store = connected(other.store()).await;
        let replicaof = |host: &str, port: &str| {
            let () = redis::cmd("REPLICAOF").arg(host).arg(port).query(&mut other.raw()).unwrap();
        };
        replicaof("127.0.0.1", &first.port().to_string());
        // Until it has the data of the first it may be loading.
        for _ in 0..200 {
            if call(&store, "k").await.is_err_and(|away| away.0.contains("replica")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(told(call(&store, "k").await), "Redis is a replica here, and cannot write");
        assert_eq!(told(store.reconnect().await), "Redis is a replica here, and cannot write");
        replicaof("NO", "ONE");
        store.reconnect().await.unwrap();
        assert_eq!(call(&store, "k").await, Ok(9));
    });
}

#[test]
fn passwords_are_not_repeated() {
    let Some(server) = Server::own(&["--requirepass", "right"]) else { return };
    let port = server.port();
    run(async {
        let to = |login: &str| Redis::new(&format!("redis://{login}127.0.0.1:{port}/")).unwrap();
        connected(to(":right@")).await;
        let wrong = told(to(":secret@").reconnect().await);
        assert_eq!(wrong, "Redis does not accept the user or the password");
        assert_eq!(told(to("me:secret@").reconnect().await), wrong);
        assert_eq!(told(to("").reconnect().await), "Redis wants a password");
    });
}

/// What the user of an ACL needs by the README of the server.
const NEEDS: &str =
    "+ping +select +script|load +evalsha +time +mget +set +zadd +zcard +zremrangebyscore +pttl +pexpire";

#[test]
fn a_user_of_an_acl_needs_what_is_said_and_is_told_what_is_missing() {
    let Some(server) = Server::own(&[]) else { return };
    let port = server.port();
    let user = |commands: &str| {
        let mut make = redis::cmd("ACL");
        make.arg("SETUSER").arg("limits").arg("reset").arg("on").arg(">secret").arg("~{fluxor:limits}*");
        for command in commands.split(' ') {
            make.arg(command);
        }
        let () = make.query(&mut server.raw()).unwrap();
        Redis::new(&format!("redis://limits:secret@127.0.0.1:{port}/2")).unwrap()
    };
    run(async {
        let store = connected(user(NEEDS)).await;
        for strategy in [bucket(), Strategy::Leases(Leases { limit: 2, lease: Span::from_secs(60) })] {
            let policy = policy(&strategy);
            store.weigh(system_now(), &[ask(&policy, "k", 1)], &[]).await.unwrap();
        }
        store.enlist("me", Span::from_secs(1)).await.unwrap();
        for (missing, named) in
            [("+select", "SELECT"), ("+script|load", "SCRIPT"), ("+ping", "PING"), ("+evalsha", "EVALSHA")]
        {
            let told = told(user(&NEEDS.replace(missing, "+echo")).reconnect().await);
            assert_eq!(told, format!("Redis does not allow this user to run {named}: its ACL must"));
        }
        for (missing, named) in [("+mget", "MGET"), ("+set", "SET")] {
            let store = connected(user(&NEEDS.replace(missing, "+echo"))).await;
            let told = told(call(&store, "k").await);
            // Redis 7.0 does not say which one.
            assert!(
                told.contains(&format!("to run {named}: its ACL")) || told.contains("a command of our script"),
                "{told}"
            );
        }
    });
}

#[test]
fn whoever_is_no_redis_is_refused() {
    let nobody = Redis::new(&format!("redis://127.0.0.1:{}/", free_port())).unwrap();
    assert_eq!(told(run(nobody.reconnect())), "nobody listens at Redis' address");
    for answer in ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "-ERR unknown command 'AUTH', with 'secret'\r\n", "*1\r\n"] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for connection in listener.incoming().take(1) {
                let mut connection = connection.unwrap();
                if !answer.is_empty() {
                    let _ = connection.read(&mut [0; 1_024]);
                    let _ = connection.write_all(answer.as_bytes());
                }
            }
        });
        let store = Redis::new(&format!("redis://:secret@127.0.0.1:{port}/")).unwrap();
        let told = told(run(store.reconnect()));
        assert!(told.contains("Redis") && !told.contains("secret") && told.len() < 80, "{told}");
    }
}

#[test]
fn what_is_no_state_is_as_if_there_were_none() {
    let Some(server) = Server::any() else { return };
    run(async {
        let store = connected(server.store()).await;
        let mut raw = server.raw();
        for text in ["", "B", "B 1 2", "nonsense", "R 1 0 1 1 1", "L 1 5 9 1 8 1", "H 1 2 3 4", "B 1 1 1 1 1 1 1 1e9"] {
            let () = redis::cmd("SET").arg(store.key("k")).arg(text).query(&mut raw).unwrap();
            assert_eq!(call(&store, "k").await, Ok(9), "{text}");
            assert_eq!(call(&store, "k").await, Ok(8), "{text}");
        }
        let () = redis::cmd("DEL").arg(store.key("k")).query(&mut raw).unwrap();
        let () = redis::cmd("RPUSH").arg(store.key("k")).arg(1).query(&mut raw).unwrap();
        assert_eq!(call(&store, "k").await, Ok(9));
    });
}

#[test]
fn without_memory_it_is_away_and_nothing_is_half_done() {
    let Some(server) = Server::own(&[]) else { return };
    run(async {
        let store = connected(server.store()).await;
        let maxmemory = |bytes: u64| {
            let () = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).query(&mut server.raw()).unwrap();
        };
        maxmemory(1);
        assert_eq!(told(call(&store, "k").await), "Redis has no memory left");
        assert_eq!(told(store.reconnect().await), "Redis has no memory left");
        maxmemory(0);
        assert_eq!(call(&store, "k").await, Ok(9));
    });
}

#[test]
fn a_question_that_is_given_up_does_not_disturb_the_next() {
    let Some(server) = Server::any() else { return };
    run(async {
        let store = connected(server.store()).await;
        for number in 0..200 {
            let given_up = format!("given-up{number}");
            let _ = tokio::time::timeout(Duration::from_micros(number), call(&store, &given_up)).await;
            assert_eq!(call(&store, &format!("k{number}")).await, Ok(9));
        }
        let policy = policy(&Strategy::Bucket(Bucket::new(1, 1, Span::from_secs(1))));
        let never = store.weigh(system_now(), &[ask(&policy, "n", 2)], &[]).await.unwrap();
        assert_eq!(never.found[0].verdict, Verdict::Never { most: 1 });
    });
}
