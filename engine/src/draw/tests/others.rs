//! DOT and Mermaid: every state, every line, and frames that close.

use super::super::model::Model;
use super::made::chart;
use super::*;

fn all() -> Vec<Arc<Definition>> {
    shipped().into_iter().chain((0..4).map(|seed| right(&chart(40, seed)))).collect()
}

#[test]
fn dot_has_a_node_or_a_cluster_for_each_state_and_an_edge_for_each_line() {
    for definition in all() {
        let text = draw(&definition, None, Format::Dot, Dress::Whole).unwrap();
        let model = Model::of(&definition, None);
        for (ix, node) in model.nodes.iter().enumerate() {
            let begin = if node.is_frame() { format!("subgraph cluster_{ix} {{") } else { format!("n{ix} [") };
            assert_eq!(text.lines().filter(|line| line.trim_start().starts_with(&begin)).count(), 1, "{begin}\n{text}");
        }
        let edges = text.lines().filter(|line| line.contains(" -> ") && line.contains("edgetooltip")).count();
        assert_eq!(edges, model.lines.len());
        assert_eq!(text.matches("subgraph").count(), model.nodes.iter().filter(|node| node.is_frame()).count());
    }
}

#[test]
fn mermaid_has_each_state_and_each_line_and_its_frames_close() {
    for definition in all() {
        let text = draw(&definition, None, Format::Mermaid, Dress::Whole).unwrap();
        let model = Model::of(&definition, None);
        assert!(text.contains("\nstateDiagram-v2\n"));
        for ix in 0..model.states {
            let name = format!(" as s{ix}");
            let is_it = |line: &&str| line.trim_end_matches(" {").ends_with(&name);
            assert_eq!(text.lines().filter(is_it).count(), 1, "{name}\n{text}");
        }
        let open = text.lines().filter(|line| line.ends_with('{')).count();
        let closed = text.lines().filter(|line| line.trim() == "}").count();
        assert_eq!(open, closed);
        for line in &model.lines {
            let from = if line.from < model.states { format!("s{}", line.from) } else { "[*]".to_owned() };
            let arrow = format!("  {from} --> s{}", line.to);
            assert!(text.lines().any(|it| it == arrow || it.starts_with(&format!("{arrow} : "))), "{arrow}\n{text}");
        }
    }
}

#[test]
fn a_format_is_known_by_its_name_and_by_a_files_ending() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.as_str()), Some(format));
    }
    assert_eq!((Format::of_ending("SVG"), Format::of_ending("gv")), (Some(Format::Svg), Some(Format::Dot)));
    assert_eq!((Format::of_ending("mmd"), Format::of_ending("png")), (Some(Format::Mermaid), None));
}
