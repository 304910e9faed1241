//! What somebody else has put into the server, or taken out of it.

use super::*;

#[tokio::test]
async fn what_is_no_count_is_no_answer_and_concerns_no_other_key() {
    let Some(server) = Server::start("what_is_no_count_is_no_answer", &[]) else { return };
    let store = store(server.port).await;
    let limits = windows(&[(5, MINUTE)]);
    server.ask(&["LPUSH", "tollgate:limits:{list}:60000", "1"]).await;
    server.ask(&["SET", "tollgate:limits:{text}:60000", "x", "PX", "60000"]).await;
    server.ask(&["SET", "tollgate:limits:{less}:60000", "-7", "PX", "60000"]).await;
    for _ in 0..20 {
        for key in ["list", "text", "less"] {
            assert_eq!(store.take(&charge(key, 1, &limits)).await, None, "{key}");
        }
        assert!(store.take(&charge("good", 0, &limits)).await.is_some());
    }
}

#[tokio::test]
async fn a_key_that_would_never_end_and_one_that_ends_too_late_are_set_right() {
    let Some(server) = Server::start("a_key_that_would_never_end", &[]) else { return };
    let store = store(server.port).await;
    let limits = windows(&[(5, MINUTE)]);
    server.ask(&["SET", "tollgate:limits:{endless}:60000", "5"]).await;
    server.ask(&["SET", "tollgate:limits:{late}:60000", "5", "PX", "600000"]).await;
    assert_eq!(standing(&store.take(&charge("endless", 1, &limits)).await.unwrap()), [(4, true)]);
    let Err(wait) = waits(store.take(&charge("late", 1, &limits)).await.unwrap()) else {
        panic!("five of five")
    };
    assert_eq!(wait, Duration::from_secs(60));
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_script_is_told_it_again() {
    let Some(server) = Server::start("a_server_that_has_forgotten_the_script", &[]) else { return };
    let store = store(server.port).await;
    let asked = charge("acme", 1, &windows(&[(2, MINUTE)]));
    assert!(store.take(&asked).await.unwrap().allowed());
    server.ask(&["SCRIPT", "FLUSH"]).await;
    assert_eq!(standing(&store.take(&asked).await.unwrap()), [(0, true)]);
    assert!(!store.take(&asked).await.unwrap().allowed());
}
