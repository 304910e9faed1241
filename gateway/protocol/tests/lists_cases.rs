//! What becomes of a body: which items are asked about, what goes with them, and what stays.

use tollgate_protocol::lists::{Item, filter};

/// The body without the items whose name begins with an `x`.
fn without_x(body: &str) -> String {
    let edited = filter(body.as_bytes(), &mut |item: &Item<'_>| !item.listed.name().starts_with('x'));
    edited.unwrap().map_or_else(|| body.to_owned(), |bytes| String::from_utf8(bytes).unwrap())
}

fn tools(list: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":{list}}}}}"#)
}

#[test]
fn each_item_that_goes_takes_one_comma_with_it() {
    for (list, expected) in [
        (r#"[{"name":"x"}]"#, "[]"),
        (r#"[ {"name":"x"} ]"#, "[  ]"),
        (r#"[{"name":"x"},{"name":"x2"}]"#, "[]"),
        (r#"[ {"name":"x"} , {"name":"x2"} ]"#, "[  ]"),
        (r#"[{"name":"x"},{"name":"b"}]"#, r#"[{"name":"b"}]"#),
        (r#"[ {"name":"x"} , {"name":"b"} ]"#, r#"[ {"name":"b"} ]"#),
        (r#"[{"name":"a"},{"name":"x"}]"#, r#"[{"name":"a"}]"#),
        (r#"[ {"name":"a"} , {"name":"x"} ]"#, r#"[ {"name":"a"} ]"#),
        (r#"[{"name":"a"},{"name":"x"},{"name":"b"}]"#, r#"[{"name":"a"},{"name":"b"}]"#),
        (r#"[{"name":"x"},{"name":"x"},{"name":"a"},{"name":"x"},{"name":"x"}]"#, r#"[{"name":"a"}]"#),
        (
            "[{\"name\":\"x\"},\n  {\"name\":\"b\"},\n  {\"name\":\"c\"}]",
            "[{\"name\":\"b\"},\n  {\"name\":\"c\"}]",
        ),
        (
            "[\n {\"name\":\"a\"},\n {\"name\":\"x\"},\n {\"name\":\"c\"}\n]",
            "[\n {\"name\":\"a\"},\n {\"name\":\"c\"}\n]",
        ),
    ] {
        assert_eq!(without_x(&tools(list)), tools(expected), "{list}");
    }
}

#[test]
fn where_every_item_is_kept_nothing_is_written() {
    for body in [
        tools("[]"),
        tools(" [ ] "),
        tools(r#"[{"name":"a"}, {"name":"a"}]"#),
        r#" {"result":{"tools":[{"name":"a"}],"prompts":[]},"id":1} "#.to_owned(),
        r#"{"id":1,"result":{"tools":[],"cacheScope":"private"}}"#.to_owned(),
        r#"{"id":1,"result":{"tools":[],"cacheScope":"\u0070rivate"}}"#.to_owned(),
    ] {
        assert_eq!(filter(body.as_bytes(), &mut |_| true), Ok(None), "{body}");
    }
}

#[test]
fn items_are_asked_about_by_what_they_are_called() {
    let body = r#"{"id":1,"result":{
        "tools":[{"title":"t","name":"a\u0062\ud83d\ude00"}],
        "prompts":[{"name":"p","arguments":[{"name":"x"}]}],
        "resources":[{"name":"n","uri":"file:\/\/\/r"}],
        "resourceTemplates":[{"name":"n","uriTemplate":"file:///{path}"}]}}"#;
    let mut asked = Vec::new();
    let edited = filter(body.as_bytes(), &mut |item: &Item<'_>| {
        asked.push(format!("{:?}", item.listed));
        true
    });
    assert_eq!(edited, Ok(None));
    let expected =
        [r#"Tool("ab😀")"#, r#"Prompt("p")"#, r#"Resource("file:///r")"#, r#"Template("file:///{path}")"#];
    assert_eq!(asked, expected);
}

#[test]
fn everything_beside_the_items_stays_byte_for_byte() {
    let body = r#" { "jsonrpc" : "2.0", "result":{"_meta":{"a":1.0e+2,"a":2}, "tools":[
        {"name":"x1","description":"\ud83d"},
        {"inputSchema":{"type":"object","Name":"x","name":"x"},"name":"keep","description":"\ud83d"},
        {"name":"x2"} ], "nextCursor":"x\/y","ttlMs":60000 ,"prompts":[{"name":"x"}] }, "id" : "x" } "#;
    let expected = r#" { "jsonrpc" : "2.0", "result":{"_meta":{"a":1.0e+2,"a":2}, "tools":[
        {"inputSchema":{"type":"object","Name":"x","name":"x"},"name":"keep","description":"\ud83d"} ], "nextCursor":"x\/y","ttlMs":60000 ,"prompts":[] }, "id" : "x" } "#;
    assert_eq!(without_x(body), expected);
}

#[test]
fn what_depends_on_the_caller_is_cached_for_the_caller_alone() {
    let kept = r#""tools":[{"name":"a"}]"#;
    let cut = r#""tools":[{"name":"x"}]"#;
    for scope in [r#""public""#, "null", "1", r#"{"a":["x"]}"#, r#""Private""#, r#""privat\ud83d""#] {
        for (list, left) in [(kept, kept), (cut, r#""tools":[]"#)] {
            for (before, after) in [
                (
                    format!(r#""ttlMs":1,"cacheScope": {scope} ,{list}"#),
                    format!(r#""ttlMs":1,"cacheScope": "private" ,{left}"#),
                ),
                (format!(r#"{list},"cacheScope":{scope}"#), format!(r#"{left},"cacheScope":"private""#)),
                (
                    format!(r#""prompts":[{{"name":"x"}}],"cacheScope":{scope},{list}"#),
                    format!(r#""prompts":[],"cacheScope":"private",{left}"#),
                ),
            ] {
                let body = |result: &str| format!(r#"{{"id":1,"result":{{{result}}}}}"#);
                assert_eq!(without_x(&body(&before)), body(&after));
            }
        }
    }
}

#[test]
fn messages_without_a_list_pass_as_they_are() {
    for body in [
        r#"{"jsonrpc":"2.0","method":"x","params":{"tools":[{"name":"x"}],"result":{"tools":1}}}"#,
        r#"{"id":1,"method":"sampling/createMessage","params":{"tools":[{"name":"x"}]}}"#,
        r#"{"id":1,"error":{"code":-1,"message":"m","data":{"tools":[{"name":"x"}]}}}"#,
        r#"{"id":1,"result":{"content":[{"name":"x"}],"structuredContent":{"tools":[{"name":"x"}],"Tools":1}}}"#,
        r#"{"id":1,"result":{"contents":[],"cacheScope":"public"}}"#,
        r#"{"id":1,"result":{}}"#,
        r#"{"id":1,"result":[{"tools":[{"name":"x"}]}]}"#,
        r#"{"id":1,"result":null}"#,
        r#"{"tools":[{"name":"x"}]}"#,
        "{}",
        "[]",
    ] {
        assert_eq!(without_x(body), body);
    }
}

#[test]
fn each_message_of_a_batch_is_looked_at() {
    assert_eq!(
        without_x(
            r#" [ {"method":"m"} , {"id":1,"result":{"tools":[{"name":"x"},{"name":"a"}],"cacheScope":""}},
            {"id":2,"result":{"cacheScope":"public"}},{"id":3,"result":{"prompts":[{"name":"x"}]}}] "#
        ),
        r#" [ {"method":"m"} , {"id":1,"result":{"tools":[{"name":"a"}],"cacheScope":"private"}},
            {"id":2,"result":{"cacheScope":"public"}},{"id":3,"result":{"prompts":[]}}] "#
    );
}

#[test]
fn a_list_beside_a_method_or_an_error_is_a_list() {
    for other in [r#""method":"m""#, r#""error":{}"#, r#""params":{}"#] {
        let body = |list: &str| format!(r#"{{{other},"result":{{"tools":{list}}}}}"#);
        assert_eq!(without_x(&body(r#"[{"name":"x"}]"#)), body("[]"));
    }
}

/// Without what is called `x…`, requests of the server among it.
fn edited(body: &str) -> Option<String> {
    let found = filter(body.as_bytes(), &mut |item: &Item<'_>| !item.listed.name().starts_with('x'));
    found.expect("a body that can be read").map(|edited| String::from_utf8(edited).expect("UTF-8"))
}

#[test]
fn a_request_of_the_server_that_is_not_to_come_becomes_a_notification_that_says_so() {
    const WITHHELD: &str = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"gateway","data":"A request of the server was withheld."}}"#;
    let asks = r#"{"id":"a","jsonrpc":"2.0","method":"x/create","params":{"a":1}}"#;
    assert_eq!(edited(asks).as_deref(), Some(WITHHELD));
    let answer = r#"{"id":1,"result":{"tools":[{"name":"xy"},{"name":"a"}]}}"#;
    let batch = format!("[ {answer} ,{asks}]");
    let expected = format!(r#"[ {{"id":1,"result":{{"tools":[{{"name":"a"}}]}}}} ,{WITHHELD}]"#);
    assert_eq!(edited(&batch), Some(expected));
    for passes in [
        r#"{"id":"a","method":"y/create"}"#,
        r#"{"method":"x/notification"}"#,
        r#"{"id":1,"result":{"method":"x"}}"#,
        r#"{"id":1,"method":["x"]}"#,
    ] {
        assert_eq!(edited(passes), None, "{passes}");
    }
}

#[test]
fn a_result_that_asks_for_what_is_not_to_be_asked_becomes_an_error() {
    const REFUSED: &str = r#""error":{"code":-32003,"message":"The server has asked for what it may not.","data":{"reason":"access_denied"}}"#;
    for (requests, is_refused) in [
        (r#"{"a":{"method":"y/create","params":{}}}"#, false),
        (r#"{"a":{"method":"x/create","params":{}}}"#, true),
        (r#"{"a":{"method":"y/create"},"b":{"method":"x\/create"}}"#, true),
        ("{}", false),
        ("null", false),
    ] {
        let body = |result: &str| format!(r#"{{ "id":[7] , {result} ,"z":0}}"#);
        let sent = format!(
            r#""r\u0065sult" : {{"tools":[{{"name":"a"}}],"resultType":"input_required","inputRequests":{requests},"requestState":"s"}}"#
        );
        let expected = is_refused.then(|| body(REFUSED));
        assert_eq!(edited(&body(&sent)), expected, "{requests}");
    }
    for unreadable in [
        r#"["x"]"#,
        "3",
        r#"{"a":"x"}"#,
        r#"{"a":{}}"#,
        r#"{"a":{"method":3}}"#,
        r#"{"a":{"method":"y","Method":"x"}}"#,
    ] {
        let body = format!(r#"{{"id":1,"result":{{"inputRequests":{unreadable}}}}}"#);
        assert!(filter(body.as_bytes(), &mut |_| true).is_err(), "{unreadable}");
    }
}
