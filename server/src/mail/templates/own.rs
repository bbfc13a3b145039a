//! The templates of one tenant: an object of names (`approved.subject`, `partials/layout.html`) and texts. What is left out is as
//! the server has it.

use std::collections::BTreeSet;
use std::path::Path;

use fluxor_engine::decide::member;
use fluxor_engine::diagnostic::{Diagnostic, line_column};
use serde_json::{Map, Value as Json};

use super::{FILE_NAME, Template, Templates, find};

/// How many templates a tenant has at most.
const MOST: usize = 100;

/// The templates of an object; what is wrong with it: JSON Pointer and sentence each.
fn read(document: &Json) -> Result<Vec<Template>, Vec<(String, String)>> {
    let Some(document) = document.as_object() else {
        let why = "write an object of names and texts, such as {\"approved.subject\": \"Approved: {{reference}}\"}";
        return Err(vec![(String::new(), why.to_owned())]);
    };
    if document.len() > MOST {
        return Err(vec![(String::new(), format!("there are at most {MOST} templates"))]);
    }
    let (mut own, mut faults) = (Vec::new(), Vec::new());
    for (name, text) in document {
        match text.as_str() {
            Some(source) => own.push(Template {
                path: format!("{name} (of the tenant)"),
                name: name.clone(),
                source: source.to_owned(),
                is_own: true,
            }),
            None => faults.push((member(name), "a template is a text".to_owned())),
        }
    }
    if faults.is_empty() { Ok(own) } else { Err(faults) }
}

/// What is wrong with the templates of a tenant: JSON Pointer and sentence each.
pub(crate) fn faults(document: &Json, fields: &BTreeSet<String>) -> Vec<(String, String)> {
    Templates::of_tenant(document, None, fields.clone()).err().unwrap_or_default()
}

impl Templates {
    /// Those of a tenant, over those of the folder of definitions, over those that come with the program.
    ///
    /// # Errors
    /// Everything that is wrong with them: JSON Pointer and sentence each.
    pub(crate) fn of_tenant(
        document: &Json,
        definitions: Option<&Path>,
        fields: BTreeSet<String>,
    ) -> Result<Self, Vec<(String, String)>> {
        let own = read(document)?;
        let files = definitions.map_or_else(|| Ok(Vec::new()), find::files);
        let files = files.map_err(|why| vec![(String::new(), format!("{why:#}"))])?;
        let names: BTreeSet<String> = own.iter().map(|template| template.name.clone()).collect();
        // Of one name the last one counts.
        let (templates, checked) = Self::build(files.into_iter().chain(own).collect(), fields);
        let faults = checked.iter().flat_map(|(template, found)| {
            let at = if names.contains(&template.name) { member(&template.name) } else { String::new() };
            found.iter().map(move |finding| (at.clone(), sentence(template, finding, at.is_empty())))
        });
        let faults: Vec<(String, String)> = faults.collect();
        if faults.is_empty() { Ok(templates) } else { Err(faults) }
    }
}

/// `FLX0601, line 2, column 3: there is no value `titel`; see ...`.
fn sentence(template: &Template, finding: &Diagnostic, elsewhere: bool) -> String {
    let (line, column) = line_column(&template.source, finding.span.start);
    let whose = if elsewhere { format!("{}: ", template.path) } else { String::new() };
    // In a folder their names end so, and here they do not.
    let ending = if finding.code == FILE_NAME && !elsewhere { ".hbs" } else { "" };
    let help = if finding.help.is_empty() { String::new() } else { format!("; {}", finding.help) };
    let help = if ending.is_empty() { help } else { help.replace(ending, "") };
    format!("{whose}{}, line {line}, column {column}: {}{help}", finding.code, finding.message)
}

/// A folder of templates.
#[derive(Debug)]
pub(crate) struct Own {
    /// Those in it, as such an object.
    pub(crate) document: Json,
    /// That some are not called as templates in a folder are, and would not be used.
    pub(crate) slips: Option<String>,
    /// What else is not used.
    pub(crate) unused: Option<String>,
}

/// Reads a folder of templates.
///
/// # Errors
/// If one cannot be read; if there is none.
pub(crate) fn document_of(folder: &Path) -> Result<Own, String> {
    if !folder.is_dir() {
        return Err(format!("{} is no folder: name the one that has the templates", folder.display()));
    }
    let cannot = |why: std::io::Error| format!("cannot read {}: {why}", folder.display());
    let (slips, unused) = find::unused(folder).map_err(cannot)?;
    let told: Vec<String> = slips.iter().map(|name| format!("{name}: call it {name}.hbs")).collect();
    let slips = format!("{}: these would not be used: {}", folder.display(), told.join("; "));
    let slips = Some(slips).filter(|_| !told.is_empty());
    let files = find::in_folders(folder).map_err(|why| format!("{why:#}"))?;
    if let (true, Some(slips)) = (files.is_empty(), &slips) {
        return Err(slips.clone());
    }
    if files.is_empty() {
        let names = "approved.subject.hbs, approved.txt.hbs, approved.html.hbs, partials/layout.html.hbs";
        return Err(format!("{} has no template: they are called {names}, ...", folder.display()));
    }
    let unused = match &*unused {
        [] => None,
        names => Some(format!("Not used, since templates end in `.hbs`: {}.", names.join(", "))),
    };
    let document = Map::from_iter(files.into_iter().map(|file| (file.name, Json::String(file.source))));
    Ok(Own { document: Json::Object(document), slips, unused })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_folder_and_not_used_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let told = |folder: &Path| document_of(folder).unwrap_err();
        assert!(told(&path("nowhere")).contains("is no folder"));
        assert!(told(folder.path()).contains("approved.subject.hbs"));
        std::fs::write(path("approved.txt.hbs"), "Yes").unwrap();
        for name in ["README.md", "foo.bar", ".swp"] {
            std::fs::write(path(name), "").unwrap();
        }
        let own = document_of(folder.path()).unwrap();
        assert_eq!((own.document, own.slips), (serde_json::json!({ "approved.txt": "Yes" }), None));
        assert_eq!(own.unused.as_deref(), Some("Not used, since templates end in `.hbs`: foo.bar."));
        std::fs::create_dir(path("partials")).unwrap();
        for name in ["approved.html", "partials/layout.html"] {
            std::fs::write(path(name), "").unwrap();
        }
        let slips = document_of(folder.path()).unwrap().slips.unwrap();
        std::fs::remove_file(path("approved.txt.hbs")).unwrap();
        assert_eq!(told(folder.path()), slips, "there is none that could be used");
        assert!(slips.contains("approved.html: call it approved.html.hbs; partials/layout.html: call it"), "{slips}");
    }

    #[test]
    fn names_of_the_setting_do_not_end_like_files() {
        let wrong = faults(&serde_json::json!({ "approved.txt.hbs": "Yes" }), &BTreeSet::new());
        let own = wrong.iter().find(|(at, _)| at == "/approved.txt.hbs").unwrap();
        assert!(own.1.ends_with("; call it approved.txt"), "{own:?}");
    }
}
