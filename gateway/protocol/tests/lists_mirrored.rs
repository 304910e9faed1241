//! Which arguments of a tool its callers repeat in headers.

use tollgate_protocol::lists::filter;

/// The headers of one tool with this schema, and where the debug form says that each leads.
fn mirrored(schema: &str) -> Vec<(String, String)> {
    let body = format!(r#"{{"result":{{"tools":[{{"name":"t","inputSchema":{schema}}}]}}}}"#);
    let mut found = None;
    filter(body.as_bytes(), &mut |item| {
        found = Some(item.mirrored());
        true
    })
    .expect("a list");
    let found = found.expect("a tool");
    found.into_iter().map(|one| (one.header, format!("{:?}", one.pointer))).collect()
}

fn headers(schema: &str) -> Vec<String> {
    mirrored(schema).into_iter().map(|(header, _)| header).collect()
}

#[test]
fn annotated_properties_are_found_at_any_depth_with_the_way_to_them() {
    let schema = r#"{"type":"object","properties":{
        "region":{"x-mcp-header":"Region","type":"string"},
        "query":{"type":"string"},
        "a/b":{"type":"object","properties":{"li\u006dit":{"type":"integer","x-mcp-header":"Limit"}}},
        "dry":{"type":"boolean","x-mcp-header":"X-Dry","default":{"x-mcp-header":"none"}}}}"#;
    assert_eq!(
        mirrored(schema),
        [
            ("mcp-param-region".to_owned(), r#"Pointer { tokens: ["region"] }"#.to_owned()),
            ("mcp-param-limit".to_owned(), r#"Pointer { tokens: ["a/b", "limit"] }"#.to_owned()),
            ("mcp-param-x-dry".to_owned(), r#"Pointer { tokens: ["dry"] }"#.to_owned()),
        ]
    );
}

#[test]
fn what_only_looks_like_an_annotation_is_none() {
    for schema in [
        r#"{"properties":{"a":{"type":"string"}}}"#,
        r#"{"properties":{"x-mcp-header":{"type":"string"}}}"#,
        r#"{"properties":{"a":{"type":"string","enum":["x-mcp-header"],"description":"x-mcp-header"}}}"#,
        r#"{"properties":{"a":{"type":"object","default":{"properties":{"b":{"type":"string","x-mcp-header":"B"}}}}}}"#,
        r#"["x-mcp-header"]"#,
    ] {
        assert_eq!(headers(schema), [""; 0], "{schema}");
    }
}

#[test]
fn a_schema_that_breaks_a_rule_holds_nobody_to_anything() {
    let good = r#""good":{"type":"string","x-mcp-header":"Good"}"#;
    assert_eq!(headers(&format!(r#"{{"properties":{{{good}}}}}"#)), ["mcp-param-good"]);
    for bad in [
        r#""a":{"type":"string","x-mcp-header":""}"#,
        r#""a":{"type":"string","x-mcp-header":"a b"}"#,
        r#""a":{"type":"string","x-mcp-header":"a:b"}"#,
        r#""a":{"type":"string","x-mcp-header":"é"}"#,
        r#""a":{"type":"string","x-mcp-header":1}"#,
        r#""a":{"type":"string","x-mcp-header":"gOOD"}"#,
        r#""a":{"type":"array","x-mcp-header":"A"}"#,
        r#""a":{"type":"object","x-mcp-header":"A"}"#,
        r#""a":{"type":["string","null"],"x-mcp-header":"A"}"#,
        r#""a":{"x-mcp-header":"A"}"#,
        r#""a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}"#,
        r#""a":{"anyOf":[{"type":"string","x-mcp-header":"A"}]}"#,
        r#""a":{"items":{"properties":{"b":{"type":"string","x-mcp-header":"A"}}}}"#,
        r#""\ud83d":{"type":"string","x-mcp-header":"A"}"#,
    ] {
        for schema in
            [format!(r#"{{"properties":{{{good},{bad}}}}}"#), format!(r#"{{"properties":{{{bad},{good}}}}}"#)]
        {
            assert_eq!(headers(&schema), [""; 0], "{schema}");
        }
    }
    let at_root = format!(r#"{{"x-mcp-header":"A","type":"string","properties":{{{good}}}}}"#);
    assert_eq!(headers(&at_root), [""; 0]);
    let in_definition =
        format!(r#"{{"$defs":{{"d":{{"type":"string","x-mcp-header":"A"}}}},"properties":{{{good}}}}}"#);
    assert_eq!(headers(&in_definition), [""; 0]);
}
