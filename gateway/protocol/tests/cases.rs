//! `docs/authorization-cases.md` names the test of every pure case; this holds it to that.

const TABLE: &str = include_str!("../../../docs/authorization-cases.md");
const TESTS: &[&str] = &[
    include_str!("challenge_cases.rs"),
    include_str!("metadata_cases.rs"),
    include_str!("path_cases.rs"),
    include_str!("sse_cases.rs"),
    include_str!("../src/url/origin.rs"),
];

fn rows() -> Vec<&'static str> {
    TABLE.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).collect()
}

#[test]
fn the_table_has_each_of_the_sixty_seven_cases_once_with_its_proof() {
    for (at, row) in rows().iter().enumerate() {
        assert!(row.starts_with(&format!("| {} | ", at + 1)), "{row}");
        let proof = row.rsplit(" | ").next().unwrap();
        assert!(
            ["pure: `", "e2e: ", "later ", "later,", "dropped: "].iter().any(|it| proof.starts_with(it)),
            "{row}"
        );
    }
    assert_eq!(rows().len(), 67);
}

#[test]
fn the_table_and_the_tests_name_the_same_pure_cases() {
    let in_table: Vec<&str> =
        rows().iter().flat_map(|row| row.split('`')).filter(|it| it.starts_with("case_")).collect();
    let declared =
        TESTS.iter().flat_map(|file| file.lines()).filter_map(|line| line.trim().strip_prefix("fn case_"));
    let mut in_tests: Vec<String> =
        declared.map(|it| format!("case_{}", it.trim_end_matches("() {"))).collect();
    in_tests.sort();
    let mut sorted = in_table.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, in_tests);
}
