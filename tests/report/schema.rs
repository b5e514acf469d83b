//! JSON Schema of draft 7, as far as the schema of SARIF uses it; what it does not know fails. A whole
//! validator would double what the tests have to build.

use serde_json::{Map, Value};

/// Everything that is wrong with a value, each with its place.
pub fn wrong(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Check { root: schema, found: &mut found }.value(schema, value, "");
    found
}

struct Check<'a> {
    root: &'a Value,
    found: &'a mut Vec<String>,
}

impl Check<'_> {
    fn fail(&mut self, at: &str, what: impl AsRef<str>) {
        self.found.push(format!("{at}: {}", what.as_ref()));
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        for (keyword, rule) in schema.as_object().expect("a schema is an object") {
            match keyword.as_str() {
                "$ref" => {
                    let path = rule.as_str().and_then(|path| path.strip_prefix('#')).expect("a place in this schema");
                    let target = self.root.pointer(path).expect("a definition");
                    self.value(target, value, at);
                }
                "type" => {
                    if !is_type(rule, value) {
                        self.fail(at, format!("is not of type {rule}"));
                    }
                }
                "enum" => {
                    if !rule.as_array().unwrap().contains(value) {
                        self.fail(at, format!("is not one of {rule}"));
                    }
                }
                "anyOf" | "oneOf" => self.alternatives(keyword, rule, value, at),
                "minimum" | "maximum" => {
                    let (limit, number) = (rule.as_f64().unwrap(), value.as_f64());
                    let within = |number| if keyword == "minimum" { number >= limit } else { number <= limit };
                    if number.is_some_and(|number| !within(number)) {
                        self.fail(at, format!("breaks {keyword} {rule}"));
                    }
                }
                "format" => self.format(rule.as_str().unwrap(), value, at),
                "required" => {
                    for name in rule.as_array().unwrap() {
                        if value.as_object().is_some_and(|object| !object.contains_key(name.as_str().unwrap())) {
                            self.fail(at, format!("lacks {name}"));
                        }
                    }
                }
                "properties" => self.properties(rule.as_object().unwrap(), schema, value, at),
                "additionalProperties" => {
                    assert!(rule.is_object() || rule.is_boolean());
                    if !schema.as_object().unwrap().contains_key("properties") {
                        self.properties(&Map::new(), schema, value, at);
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(rule, item, &format!("{at}/{index}"));
                    }
                }
                "minItems" => {
                    if value.as_array().is_some_and(|items| (items.len() as u64) < rule.as_u64().unwrap()) {
                        self.fail(at, format!("has fewer than {rule} items"));
                    }
                }
                "uniqueItems" => {
                    let items = value.as_array().map_or(&[][..], Vec::as_slice);
                    if items.iter().enumerate().any(|(index, item)| items[..index].contains(item)) {
                        self.fail(at, "has an item twice");
                    }
                }
                "pattern" => self.fail(at, "a pattern, which this validator does not know"),
                "$schema" | "$id" | "title" | "description" | "default" | "definitions" => {}
                other => panic!("keyword {other}"),
            }
        }
    }

    fn alternatives(&mut self, keyword: &str, rule: &Value, value: &Value, at: &str) {
        let mut fitting = 0;
        for schema in rule.as_array().unwrap() {
            let mut found = Vec::new();
            Check { root: self.root, found: &mut found }.value(schema, value, at);
            fitting += usize::from(found.is_empty());
        }
        if fitting == 0 || (keyword == "oneOf" && fitting > 1) {
            self.fail(at, format!("fits {fitting} of {keyword}"));
        }
    }

    fn properties(&mut self, named: &Map<String, Value>, schema: &Value, value: &Value, at: &str) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            match (named.get(name), schema.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => self.value(schema, value, &at),
                (None, Some(Value::Bool(false))) => self.fail(&at, "is no property"),
                (None, _) => {}
            }
        }
    }

    fn format(&mut self, format: &str, value: &Value, at: &str) {
        let Some(text) = value.as_str() else { return };
        assert!(["uri", "uri-reference", "date-time"].contains(&format), "format {format}");
        // The signs of RFC 3986, and a percent sign only before two hexadecimal digits.
        let sign = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
        let hex = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        let plain = text.chars().all(sign) && text.split('%').skip(1).all(hex);
        // A relative reference must not begin like a scheme.
        let first = text.split('/').next().unwrap_or("");
        let absolute = text.contains("://");
        if !plain || (format == "uri" && !absolute) || (!absolute && first.contains(':')) {
            self.fail(at, format!("`{text}` is not a {format}"));
        }
    }
}

fn is_type(rule: &Value, value: &Value) -> bool {
    match rule {
        Value::Array(types) => types.iter().any(|rule| is_type(rule, value)),
        Value::String(name) => match name.as_str() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64(),
            "null" => value.is_null(),
            other => panic!("type {other}"),
        },
        other => panic!("type {other}"),
    }
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let schema: Value = serde_json::from_str(&crate::read("fixtures/schema/sarif-2.1.0.json")).unwrap();
    let good = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"message":{"text":"m"},
        "locations":[{"physicalLocation":{"artifactLocation":{"uri":"a/b.ensue"},"region":{"startLine":1}}}]}]}]}"#;
    let check = |text: &str| wrong(&schema, &serde_json::from_str(text).unwrap());
    assert_eq!(check(good), Vec::<String>::new());
    for (from, to, expected) in [
        (r#""version":"2.1.0""#, r#""version":"2.2""#, "/version: is not one of"),
        (r#""version":"2.1.0","#, "", ": lacks \"version\""),
        (r#""name":"x""#, r#""nam":"x""#, "/runs/0/tool/driver: lacks \"name\""),
        (r#""name":"x""#, r#""name":"x","nam":"x""#, "/runs/0/tool/driver/nam: is no property"),
        (r#""name":"x""#, r#""name":5"#, "/runs/0/tool/driver/name: is not of type"),
        (r#""startLine":1"#, r#""startLine":0"#, "startLine: breaks minimum 1"),
        (r#""startLine":1"#, r#""startLine":1.5"#, "startLine: is not of type"),
        ("a/b.ensue", "a b.ensue", "is not a uri-reference"),
        ("a/b.ensue", "a%2b%zz", "is not a uri-reference"),
        (r#"{"text":"m"}"#, "{}", "/runs/0/results/0/message: fits 0 of anyOf"),
        (r#""results":["#, r#""artifacts":[{},{}],"results":["#, "/runs/0/artifacts: has an item twice"),
    ] {
        let found = check(&good.replace(from, to));
        assert!(found.iter().any(|found| found.contains(expected)), "{from} -> {to}: {found:?}");
    }
}
