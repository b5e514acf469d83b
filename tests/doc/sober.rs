//! What every page of HTML must be: well-formed, of known elements, without anything that acts or is fetched.

use std::collections::BTreeSet;

use uppsala::{NodeKind, parse_bytes};

const ELEMENTS: [&str; 43] = [
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "div",
    "nav",
    "p",
    "ul",
    "ol",
    "li",
    "a",
    "main",
    "header",
    "footer",
    "h1",
    "h2",
    "h3",
    "section",
    "article",
    "span",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "figure",
    "figcaption",
    "details",
    "summary",
    "strong",
    "code",
    "q",
    "wbr",
    "svg",
    "g",
    "path",
    "line",
    "circle",
    "rect",
    "text",
];

/// Fails where a page is not: a tag that is not closed, a character that is not escaped and a doubled attribute are
/// errors of XML.
pub fn assert(what: &str, text: &str) {
    let document = parse_bytes(text.as_bytes()).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let (mut ids, mut links) = (BTreeSet::new(), BTreeSet::new());
    for node in document.descendants(document.root()) {
        let Some(NodeKind::Element(element)) = document.node_kind(node) else { continue };
        let name = element.name.local_name.as_ref();
        assert!(ELEMENTS.contains(&name), "{what}: <{name}>");
        for attribute in &element.attributes {
            let (key, value) = (attribute.name.local_name.as_ref(), attribute.value.as_ref());
            assert!(!key.starts_with("on") && key != "src", "{what}: {key}={value}");
            match key {
                "id" => assert!(ids.insert(value.to_owned()), "{what}: two {value}"),
                "href" => {
                    let target = value.strip_prefix('#').unwrap_or_else(|| panic!("{what}: {value}"));
                    links.insert(target.to_owned());
                }
                _ => {}
            }
        }
    }
    let lost: Vec<_> = links.difference(&ids).collect();
    assert!(lost.is_empty(), "{what}: links to nothing: {lost:?}");
    for outside in ["url(", "@import", "<script", "javascript:alert(1)\""] {
        assert!(!text.contains(outside), "{what}: {outside}");
    }
}
