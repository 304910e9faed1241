//! Every key of the configuration has a test that fails without it. The table says which; it is held to the
//! schema the program prints and to the tests there are.

mod logs;
mod names;
mod process;
mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::support::tollgate::binary;

const ACL: &str = "what_is_not_allowed_is_answered_in_the_servers_place_and_never_reaches_it";
const DENY: &str = "what_is_denied_is_denied_whatever_is_allowed";

/// Key, and the test that fails without it. A mapping is proved by the keys in it.
const PROVED_BY: &[(&str, &str)] = &[
    ("messages.max_bytes", "a_message_is_as_long_as_messages_may_be_and_no_longer"),
    ("messages.buffer_bytes", "where_as_much_is_held_as_may_be_others_are_refused_until_there_is_room"),
    ("messages.observe", "messages_that_nothing_is_decided_by_are_looked_at_where_that_is_wanted"),
    ("policies[].name", "policies_are_asked_in_their_order_the_gateways_first"),
    ("policies[].audit.to.file", "each_call_has_a_record_of_who_has_called_what_and_what_came_of_it"),
    ("policies[].audit.methods", "which_methods_have_records_and_whether_arguments_are_hashed_can_be_said"),
    ("policies[].audit.arguments", "which_methods_have_records_and_whether_arguments_are_hashed_can_be_said"),
    ("stores.limits.redis.url", "two_gateways_let_no_more_through_than_one"),
    ("stores.limits.redis.username", "the_gateway_logs_in_as_whom_it_is_told_and_the_password_is_nowhere"),
    ("stores.limits.redis.password", "the_gateway_logs_in_as_whom_it_is_told_and_the_password_is_nowhere"),
    ("stores.limits.redis.ca", "the_store_is_reached_over_tls_and_its_certificate_is_checked"),
    ("stores.limits.redis.timeout", "the_store_is_waited_for_as_long_as_that_is_said"),
    ("stores.limits.redis.on_failure", "where_the_store_is_gone_each_counts_for_itself_or_all_or_none_go_on"),
    (
        "policies[].rate_limit.by.cel",
        "consumers_users_and_tools_have_limits_of_their_own_and_nobody_shares_one_for_want_of_a_name",
    ),
    (
        "policies[].rate_limit.by[].cel",
        "consumers_users_and_tools_have_limits_of_their_own_and_nobody_shares_one_for_want_of_a_name",
    ),
    ("policies[].rate_limit.count", "calls_are_counted_by_what_their_tools_cost_and_nothing_else_is"),
    ("policies[].rate_limit.weights", "calls_are_counted_by_what_their_tools_cost_and_nothing_else_is"),
    (
        "policies[].rate_limit.windows[].requests",
        "of_ten_thousand_requests_exactly_as_many_as_may_be_are_let_through",
    ),
    (
        "policies[].rate_limit.windows[].per",
        "whoever_asks_too_often_is_told_how_things_stand_and_when_to_come_back",
    ),
    ("policies[].rate_limit.max_keys", "only_so_many_callers_are_remembered"),
    (
        "policies[].rate_limit.headers",
        "whoever_asks_too_often_is_told_how_things_stand_and_when_to_come_back",
    ),
    ("policies[].cors.allowed_origins", "pages_that_a_policy_lets_may_call_and_read_what_it_says"),
    ("policies[].cors.exposed_headers", "pages_that_a_policy_lets_may_call_and_read_what_it_says"),
    ("policies[].cors.max_age", "pages_that_a_policy_lets_may_call_and_read_what_it_says"),
    ("policies[].cors.private_network", "pages_that_a_policy_lets_may_call_and_read_what_it_says"),
    ("policies[].ip_filter.allow", "callers_come_in_from_allowed_networks_that_are_not_denied"),
    ("policies[].ip_filter.deny", "callers_come_in_from_allowed_networks_that_are_not_denied"),
    ("policies[].headers.request.set", "fields_are_set_appended_and_removed_on_requests_and_answers"),
    ("policies[].headers.request.append", "fields_are_set_appended_and_removed_on_requests_and_answers"),
    ("policies[].headers.request.remove", "fields_are_set_appended_and_removed_on_requests_and_answers"),
    ("policies[].headers.response.set", "fields_are_set_appended_and_removed_on_requests_and_answers"),
    ("policies[].headers.response.append", "fields_are_set_appended_and_removed_on_requests_and_answers"),
    ("policies[].headers.response.remove", "fields_are_set_appended_and_removed_on_requests_and_answers"),
    ("policies[].concurrency.by", "each_consumer_has_its_own_places_and_a_tool_its_own_too"),
    (
        "policies[].concurrency.max",
        "as_many_requests_are_under_way_as_may_be_and_the_next_comes_when_one_has_ended",
    ),
    ("policies[].concurrency.count", "what_is_no_call_may_not_be_counted"),
    ("policies[].size_limits.request_bytes", "a_request_is_as_long_as_it_may_be_whether_it_says_so_or_not"),
    ("policies[].size_limits.response_bytes", "an_answer_is_as_long_as_it_may_be_whether_it_says_so_or_not"),
    (
        "policies[].size_limits.event_bytes",
        "an_event_is_as_long_as_it_may_be_and_a_stream_as_long_as_it_likes",
    ),
    ("policies[].size_limits.json_depth", "a_message_is_as_deep_and_as_wide_as_it_may_be"),
    ("policies[].size_limits.json_members", "a_message_is_as_deep_and_as_wide_as_it_may_be"),
    ("policies[].mcp_acl.mode", "in_mode_shadow_everything_passes_and_the_log_says_what_would_not"),
    ("policies[].mcp_acl.allow[].tools", ACL),
    ("policies[].mcp_acl.allow[].resources", ACL),
    ("policies[].mcp_acl.allow[].prompts", ACL),
    ("policies[].mcp_acl.allow[].methods", ACL),
    (
        "policies[].mcp_acl.allow[].when",
        "conditions_know_the_consumer_its_labels_the_plan_the_headers_and_the_arguments",
    ),
    ("policies[].mcp_acl.allow[].scopes", "a_rule_may_need_a_scope_which_clients_are_told_to_ask_for"),
    ("policies[].mcp_acl.deny[].tools", ACL),
    ("policies[].mcp_acl.deny[].resources", DENY),
    ("policies[].mcp_acl.deny[].prompts", DENY),
    ("policies[].mcp_acl.deny[].methods", DENY),
    ("policies[].mcp_acl.deny[].when", DENY),
    ("policies[].mcp_acl.deny[].scopes", "every_broken_file_is_refused_with_a_useful_sentence"),
    ("admin.address", "the_health_endpoints_are_where_admin_says"),
    ("apis[].authorization.mode", "in_mode_protect_no_challenge_and_no_metadata_of_the_upstream_gets_out"),
    (
        "apis[].authorization.upstream_resource",
        "a_server_that_calls_itself_by_another_name_is_relayed_only_when_the_configuration_says_that_name",
    ),
    (
        "apis[].authorization.resource.documentation",
        "the_metadata_and_the_challenge_say_what_the_operator_wants_clients_and_people_to_know",
    ),
    (
        "apis[].authorization.resource.name",
        "the_metadata_and_the_challenge_say_what_the_operator_wants_clients_and_people_to_know",
    ),
    (
        "apis[].authorization.resource.policy_uri",
        "the_metadata_and_the_challenge_say_what_the_operator_wants_clients_and_people_to_know",
    ),
    (
        "apis[].authorization.resource.tos_uri",
        "the_metadata_and_the_challenge_say_what_the_operator_wants_clients_and_people_to_know",
    ),
    (
        "apis[].plans[].jwt.optional_scopes",
        "the_metadata_and_the_challenge_say_what_the_operator_wants_clients_and_people_to_know",
    ),
    (
        "apis[].plans[].oauth2.optional_scopes",
        "the_metadata_and_the_challenge_say_what_the_operator_wants_clients_and_people_to_know",
    ),
    ("apis[].balance", "where_no_session_is_followed_its_requests_go_round"),
    ("apis[].description", "what_is_written_for_people_is_accepted_and_must_be_text"),
    ("apis[].endpoints[].auth.basic.password", "each_endpoint_may_have_a_credential_of_its_own"),
    ("apis[].endpoints[].auth.basic.username", "each_endpoint_may_have_a_credential_of_its_own"),
    ("apis[].endpoints[].auth.bearer", "each_endpoint_may_have_a_credential_of_its_own"),
    ("apis[].endpoints[].auth.header.name", "each_endpoint_may_have_a_credential_of_its_own"),
    ("apis[].endpoints[].auth.passthrough", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.token_exchange.audience", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.token_exchange.ca", "each_endpoint_may_have_tokens_of_its_own"),
    (
        "apis[].endpoints[].auth.token_exchange.client.authentication",
        "each_endpoint_may_have_tokens_of_its_own",
    ),
    ("apis[].endpoints[].auth.token_exchange.client.id", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.token_exchange.client.key_id", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.token_exchange.client.private_key", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.token_exchange.client.secret", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.token_exchange.private", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.token_exchange.resource", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.token_exchange.scopes", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.token_exchange.token_endpoint", "each_endpoint_may_have_tokens_of_its_own"),
    ("apis[].endpoints[].auth.header.value", "each_endpoint_may_have_a_credential_of_its_own"),
    ("apis[].endpoints[].backup", "a_backup_gets_requests_only_while_no_other_endpoint_takes_any"),
    ("apis[].endpoints[].host", "an_endpoint_gets_the_host_its_configuration_says"),
    ("apis[].endpoints[].http2", "an_endpoint_may_have_its_own_tls_and_version_of_http"),
    ("apis[].endpoints[].name", "the_access_log_calls_things_by_their_names"),
    ("apis[].endpoints[].tls.ca", "an_endpoint_may_trust_another_authority_than_its_api"),
    ("apis[].endpoints[].timeouts.body_idle", "an_endpoint_may_be_given_each_time_limit_for_itself"),
    ("apis[].endpoints[].timeouts.connect", "an_endpoint_may_be_given_each_time_limit_for_itself"),
    ("apis[].endpoints[].timeouts.first_byte", "an_endpoint_may_take_longer_than_the_others"),
    ("apis[].endpoints[].timeouts.stream_idle", "an_endpoint_may_be_given_each_time_limit_for_itself"),
    ("apis[].endpoints[].timeouts.tls_handshake", "an_endpoint_may_be_given_each_time_limit_for_itself"),
    ("apis[].endpoints[].timeouts.total", "an_endpoint_may_be_given_each_time_limit_for_itself"),
    ("apis[].endpoints[].tls.cert", "an_endpoint_may_have_its_own_tls_and_version_of_http"),
    ("apis[].endpoints[].tls.key", "an_endpoint_may_have_its_own_tls_and_version_of_http"),
    ("apis[].endpoints[].tls.pins", "an_endpoint_may_have_its_own_tls_and_version_of_http"),
    ("apis[].endpoints[].tls.server_name", "an_endpoint_may_have_its_own_tls_and_version_of_http"),
    ("apis[].endpoints[].url", "an_endpoint_gets_the_host_its_configuration_says"),
    ("apis[].endpoints[].weight", "endpoints_get_their_share_by_weight"),
    (
        "apis[].event_streams.first_comment",
        "a_stream_gets_a_comment_ahead_of_everything_where_that_is_wanted",
    ),
    ("apis[].event_streams.keep_alive", "a_silent_stream_gets_comments_between_its_events"),
    ("apis[].hosts", "apis_with_the_same_path_are_told_apart_by_their_hosts"),
    ("apis[].name", "the_access_log_calls_things_by_their_names"),
    ("apis[].path", "a_client_logs_in_at_each_of_several_apis_whose_paths_and_layouts_differ"),
    (
        "apis[].plans[].api_key.header",
        "a_key_may_be_in_another_header_or_in_the_query_where_the_plan_says_so",
    ),
    ("apis[].plans[].api_key.query", "a_key_may_be_in_another_header_or_in_the_query_where_the_plan_says_so"),
    ("apis[].plans[].jwt.audiences", "a_token_that_is_not_to_be_accepted_is_told_why_and_reaches_nobody"),
    (
        "apis[].plans[].jwt.issuers[].algorithms",
        "an_issuer_may_sign_with_the_algorithms_and_write_the_types_of_its_settings_and_no_others",
    ),
    (
        "apis[].plans[].jwt.issuers[].types",
        "an_issuer_may_sign_with_the_algorithms_and_write_the_types_of_its_settings_and_no_others",
    ),
    (
        "apis[].plans[].jwt.issuers[].ca",
        "keys_come_from_where_the_plan_says_over_tls_of_the_operators_and_from_a_private_network",
    ),
    (
        "apis[].plans[].jwt.issuers[].issuer",
        "a_token_that_is_not_to_be_accepted_is_told_why_and_reaches_nobody",
    ),
    (
        "apis[].plans[].jwt.issuers[].jwks_uri",
        "keys_come_from_where_the_plan_says_over_tls_of_the_operators_and_from_a_private_network",
    ),
    (
        "apis[].plans[].jwt.issuers[].private",
        "keys_come_from_where_the_plan_says_over_tls_of_the_operators_and_from_a_private_network",
    ),
    ("apis[].plans[].jwt.scopes", "a_token_must_have_every_scope_and_clients_are_told_which"),
    ("apis[].plans[].jwt.certificate_bound", "a_token_that_is_bound_to_a_certificate_is_good_with_it_alone"),
    ("apis[].plans[].jwt.consumer", "a_token_names_its_user_and_its_consumer_where_the_issuers_settings_say"),
    (
        "apis[].plans[].jwt.issuers[].claims.groups",
        "groups_are_where_the_issuers_settings_say_and_conditions_know_them",
    ),
    (
        "apis[].plans[].jwt.issuers[].claims.consumer",
        "a_token_names_its_user_and_its_consumer_where_the_issuers_settings_say",
    ),
    (
        "apis[].plans[].jwt.issuers[].claims.subject",
        "a_token_names_its_user_and_its_consumer_where_the_issuers_settings_say",
    ),
    ("apis[].plans[].jwt.issuers[].skew", "a_clock_may_differ_by_as_much_as_the_issuers_settings_say"),
    ("apis[].plans[].mtls", "a_bad_certificate_does_not_fall_through_to_the_plan_that_asks_for_none"),
    (
        "apis[].plans[].oauth2.audiences",
        "what_the_authorization_server_does_not_vouch_for_is_refused_and_reaches_nobody",
    ),
    (
        "apis[].plans[].oauth2.ca",
        "it_is_asked_over_tls_of_the_operators_and_in_a_private_network_where_the_plan_says_so",
    ),
    ("apis[].plans[].oauth2.cache", "an_answer_counts_for_a_while_that_differs_for_good_and_bad_tokens"),
    (
        "apis[].plans[].oauth2.certificate_bound",
        "an_opaque_token_that_is_bound_to_a_certificate_is_good_with_it_alone",
    ),
    (
        "apis[].plans[].oauth2.client.authentication",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    (
        "apis[].plans[].oauth2.client.id",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    (
        "apis[].plans[].oauth2.client.key_id",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    (
        "apis[].plans[].oauth2.client.private_key",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    (
        "apis[].plans[].oauth2.client.secret",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    ("apis[].plans[].oauth2.consumer", "a_token_is_its_consumers_by_client_or_user_and_the_log_says_whose"),
    (
        "apis[].plans[].oauth2.introspection_endpoint",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    (
        "apis[].plans[].oauth2.issuer",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    (
        "apis[].plans[].oauth2.negative_cache",
        "an_answer_counts_for_a_while_that_differs_for_good_and_bad_tokens",
    ),
    (
        "apis[].plans[].oauth2.private",
        "it_is_asked_over_tls_of_the_operators_and_in_a_private_network_where_the_plan_says_so",
    ),
    (
        "apis[].plans[].oauth2.scopes",
        "what_the_authorization_server_does_not_vouch_for_is_refused_and_reaches_nobody",
    ),
    ("apis[].plans[].keyless", "the_access_log_calls_things_by_their_names"),
    ("apis[].plans[].name", "the_access_log_calls_things_by_their_names"),
    ("apis[].plans[].state", "a_closed_plan_refuses_whoever_has_its_kind_of_credential"),
    ("apis[].plans[].when", "a_plan_decides_about_the_requests_its_condition_is_for"),
    (
        "apis[].plans[].api_key.bearer",
        "a_key_may_be_where_others_have_tokens_and_a_bad_one_sends_nobody_to_log_in",
    ),
    (
        "apis[].plans[].jwt.operations[].method",
        "an_operation_needs_all_its_scopes_and_a_refused_one_reaches_nobody",
    ),
    ("apis[].plans[].oauth2.operations[].method", "an_opaque_token_needs_the_scopes_of_an_operation_too"),
    (
        "apis[].plans[].jwt.operations[].name",
        "an_operation_needs_all_its_scopes_and_a_refused_one_reaches_nobody",
    ),
    ("apis[].plans[].oauth2.operations[].name", "an_opaque_token_needs_the_scopes_of_an_operation_too"),
    (
        "apis[].plans[].jwt.operations[].scopes",
        "an_operation_needs_all_its_scopes_and_a_refused_one_reaches_nobody",
    ),
    ("apis[].plans[].oauth2.operations[].scopes", "an_opaque_token_needs_the_scopes_of_an_operation_too"),
    (
        "apis[].plans[].jwt.issuers[].jwks_file",
        "keys_may_be_in_a_file_which_is_read_again_when_it_changes_and_nobody_is_asked",
    ),
    ("apis[].sessions.idle_timeout", "a_session_without_requests_is_forgotten_in_time"),
    ("apis[].sessions.max", "only_so_many_sessions_are_remembered"),
    ("apis[].sessions.seal_keys", "a_session_begun_at_one_gateway_goes_on_at_another"),
    (
        "apis[].upstream.auth.basic.password",
        "an_upstream_gets_the_gateways_credential_in_place_of_the_callers",
    ),
    (
        "apis[].upstream.auth.basic.username",
        "an_upstream_gets_the_gateways_credential_in_place_of_the_callers",
    ),
    ("apis[].upstream.auth.bearer", "an_upstream_gets_the_gateways_credential_in_place_of_the_callers"),
    ("apis[].upstream.auth.header.name", "another_header_may_hold_the_credential_in_either_mode"),
    ("apis[].upstream.auth.header.value", "another_header_may_hold_the_credential_in_either_mode"),
    ("apis[].upstream.auth.passthrough", "a_callers_token_goes_on_where_that_is_spelled_out"),
    (
        "apis[].upstream.auth.token_exchange.audience",
        "what_is_asked_for_is_what_the_settings_say_and_asked_once_for_as_long_as_it_is_good",
    ),
    (
        "apis[].upstream.auth.token_exchange.ca",
        "tokens_are_exchanged_over_tls_of_the_operators_and_in_a_private_network_where_that_is_said",
    ),
    (
        "apis[].upstream.auth.token_exchange.client.authentication",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    (
        "apis[].upstream.auth.token_exchange.client.id",
        "what_is_asked_for_is_what_the_settings_say_and_asked_once_for_as_long_as_it_is_good",
    ),
    (
        "apis[].upstream.auth.token_exchange.client.key_id",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    (
        "apis[].upstream.auth.token_exchange.client.private_key",
        "a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way",
    ),
    (
        "apis[].upstream.auth.token_exchange.client.secret",
        "what_is_asked_for_is_what_the_settings_say_and_asked_once_for_as_long_as_it_is_good",
    ),
    (
        "apis[].upstream.auth.token_exchange.private",
        "tokens_are_exchanged_over_tls_of_the_operators_and_in_a_private_network_where_that_is_said",
    ),
    (
        "apis[].upstream.auth.token_exchange.resource",
        "a_user_logs_in_once_and_the_mcp_server_gets_a_token_of_its_own_for_that_user",
    ),
    (
        "apis[].upstream.auth.token_exchange.scopes",
        "what_is_asked_for_is_what_the_settings_say_and_asked_once_for_as_long_as_it_is_good",
    ),
    (
        "apis[].upstream.auth.token_exchange.token_endpoint",
        "a_user_logs_in_once_and_the_mcp_server_gets_a_token_of_its_own_for_that_user",
    ),
    (
        "apis[].upstream.health_check.healthy_threshold",
        "an_endpoint_turns_only_after_so_many_checks_in_a_row",
    ),
    ("apis[].upstream.health_check.interval", "an_endpoint_turns_only_after_so_many_checks_in_a_row"),
    ("apis[].upstream.health_check.path", "an_endpoint_whose_check_fails_gets_no_requests_until_it_passes"),
    ("apis[].upstream.health_check.protocol", "a_tcp_check_asks_only_for_a_connection"),
    ("apis[].upstream.health_check.timeout", "a_check_that_is_not_answered_in_time_has_failed"),
    (
        "apis[].upstream.health_check.unhealthy_threshold",
        "an_endpoint_turns_only_after_so_many_checks_in_a_row",
    ),
    ("apis[].upstream.host", "an_endpoint_gets_the_host_its_configuration_says"),
    ("apis[].upstream.http2", "over_http2_requests_share_a_connection_at_the_same_time"),
    (
        "apis[].upstream.limits.max_queue",
        "a_request_for_which_there_is_no_place_in_the_queue_is_told_to_come_back",
    ),
    ("apis[].upstream.limits.max_requests", "a_request_beyond_the_limit_waits_for_one_to_end"),
    ("apis[].upstream.limits.queue_timeout", "a_request_that_has_waited_too_long_is_told_to_come_back"),
    ("apis[].upstream.outlier_detection.base_ejection_time", "an_endpoint_that_works_again_is_readmitted"),
    (
        "apis[].upstream.outlier_detection.consecutive_failures",
        "an_endpoint_is_ejected_after_so_many_errors_in_a_row",
    ),
    (
        "apis[].upstream.outlier_detection.max_ejection_percent",
        "endpoints_that_answer_are_ejected_up_to_a_share_only",
    ),
    (
        "apis[].upstream.outlier_detection.max_ejection_time",
        "each_further_ejection_lasts_twice_as_long_up_to_the_longest",
    ),
    ("apis[].upstream.pool.idle_timeout", "a_connection_is_used_again_until_it_was_idle_too_long"),
    (
        "apis[].upstream.pool.max_lifetime",
        "a_connection_that_is_never_idle_is_replaced_when_it_has_lived_its_time",
    ),
    (
        "apis[].upstream.retry_budget.min_per_second",
        "a_few_requests_a_second_may_be_sent_again_whatever_the_share",
    ),
    ("apis[].upstream.retry_budget.percent", "a_share_of_the_requests_may_be_sent_again"),
    ("apis[].upstream.timeouts.body_idle", "an_answer_that_stalls_is_cut"),
    ("apis[].upstream.timeouts.connect", "a_connection_that_is_not_made_in_time_is_given_up"),
    ("apis[].upstream.timeouts.first_byte", "an_endpoint_that_never_answers_is_a_504"),
    (
        "apis[].upstream.timeouts.stream_idle",
        "an_event_stream_that_is_silent_too_long_is_cut_where_that_has_a_limit",
    ),
    ("apis[].upstream.timeouts.tls_handshake", "a_tls_handshake_that_is_not_finished_in_time_is_given_up"),
    ("apis[].upstream.timeouts.total", "an_answer_that_goes_on_is_cut_only_when_its_total_time_is_over"),
    ("apis[].upstream.tls.ca", "a_client_logs_in_at_a_server_whose_certificate_a_private_authority_issued"),
    ("apis[].upstream.tls.cert", "the_gateway_shows_its_certificate_to_an_endpoint_that_asks_for_one"),
    ("apis[].upstream.tls.key", "connections_that_were_made_with_different_certificates_are_not_shared"),
    ("apis[].upstream.tls.pins", "a_valid_certificate_that_is_not_pinned_is_refused_before_anything_is_sent"),
    ("apis[].upstream.tls.server_name", "an_endpoint_may_be_expected_under_another_name_than_its_urls"),
    ("apis[].version", "what_is_written_for_people_is_accepted_and_must_be_text"),
    ("consumer_files", "consumers_come_from_files_of_their_own_which_are_read_again_when_they_change"),
    ("consumers[].api_keys[].expires", "without_a_key_that_opens_the_plan_nobody_gets_to_the_upstream"),
    (
        "consumers[].api_keys[].name",
        "a_consumer_may_have_several_keys_with_names_so_that_one_can_be_replaced",
    ),
    ("consumers[].api_keys[].sha256", "a_key_lets_its_consumer_in_and_goes_no_further"),
    ("consumers[].api_keys[].value", "a_key_is_read_from_a_file_and_a_new_one_is_used_when_the_file_changes"),
    (
        "consumers[].certificates[].san",
        "a_certificate_is_its_consumers_by_fingerprint_alternative_name_or_subject",
    ),
    (
        "consumers[].certificates[].sha256",
        "a_certificate_is_its_consumers_by_fingerprint_alternative_name_or_subject",
    ),
    (
        "consumers[].certificates[].subject",
        "a_certificate_is_its_consumers_by_fingerprint_alternative_name_or_subject",
    ),
    ("consumers[].labels", "a_token_is_its_consumers_by_client_or_user_and_the_log_says_whose"),
    ("consumers[].tokens[].client_id", "a_token_is_its_consumers_by_client_or_user_and_the_log_says_whose"),
    ("consumers[].tokens[].issuer", "a_token_is_its_consumers_by_client_or_user_and_the_log_says_whose"),
    ("consumers[].tokens[].subject", "a_token_is_its_consumers_by_client_or_user_and_the_log_says_whose"),
    ("consumers[].name", "a_key_lets_its_consumer_in_and_goes_no_further"),
    ("consumers[].plans", "a_key_opens_only_the_plans_of_its_consumer"),
    ("dns.max_ttl", "a_name_is_asked_for_as_often_as_the_maximum_says"),
    ("dns.min_ttl", "a_name_is_not_asked_for_more_often_than_the_minimum_says"),
    ("dns.servers", "a_name_is_asked_of_the_servers_the_configuration_names"),
    ("dns.timeout", "a_lookup_that_takes_too_long_is_given_up"),
    ("drain", "a_stream_that_does_not_end_is_cut_when_the_drain_time_is_over"),
    ("listeners[].address", "every_listener_listens_at_its_address_under_its_name"),
    ("listeners[].allowed_origins", "a_page_may_call_the_listener_that_allows_its_origin"),
    ("listeners[].http2", "without_tls_http2_is_spoken_by_prior_knowledge_only_where_it_is_switched_on"),
    ("listeners[].limits.body_timeout", "a_body_may_have_a_deadline_whatever_its_rate"),
    ("listeners[].limits.connection_rate_per_client", "a_client_opens_only_so_many_connections_a_second"),
    ("listeners[].limits.connections", "beyond_the_cap_a_connection_is_closed_and_a_closed_one_makes_room"),
    ("listeners[].limits.connections_per_client", "the_cap_of_one_client_does_not_touch_another"),
    (
        "listeners[].limits.handshake_timeout",
        "a_client_that_does_not_begin_tls_is_cut_before_anything_else_counts",
    ),
    ("listeners[].limits.head_timeout", "a_head_that_drips_is_answered_408_at_the_deadline"),
    ("listeners[].limits.idle_timeout", "an_idle_connection_is_closed_after_later_requests_too"),
    ("listeners[].limits.min_rate_grace", "a_body_that_drips_is_cut_once_it_is_behind_by_the_grace"),
    ("listeners[].limits.min_request_rate", "a_slow_body_is_not_cut_where_the_rate_is_lower"),
    ("listeners[].limits.min_response_rate", "a_client_is_not_cut_for_not_reading_where_there_is_no_minimum"),
    ("listeners[].limits.misuse_pause", "the_next_connection_of_a_client_that_misused_http2_waits"),
    ("listeners[].limits.requests_per_connection", "a_connection_is_closed_after_so_many_requests"),
    ("listeners[].name", "every_listener_listens_at_its_address_under_its_name"),
    ("listeners[].proxy_protocol", "the_client_is_the_one_the_load_balancer_announces"),
    ("listeners[].redirect_to_https", "a_client_in_clear_text_is_sent_to_the_public_url_with_its_host"),
    (
        "listeners[].tls.certificates[].cert",
        "the_host_a_client_names_chooses_the_certificate_and_the_first_is_for_all_others",
    ),
    ("listeners[].tls.certificates[].key", "a_key_of_another_certificate_is_refused"),
    (
        "listeners[].tls.client_auth.ca",
        "where_a_client_certificate_is_required_only_the_authoritys_clients_connect",
    ),
    ("listeners[].tls.client_auth.crl", "a_revoked_client_certificate_is_refused"),
    (
        "listeners[].tls.client_auth.mode",
        "where_it_is_optional_a_client_without_one_connects_and_one_with_anothers_does_not",
    ),
    ("listeners[].trusted_proxies", "a_trusted_proxy_is_believed_about_the_client_and_nobody_else_is"),
    ("log.format", "text_lines_are_for_people"),
    ("log.level", "requests_are_not_logged_below_the_level"),
    ("public_urls", "clients_are_told_the_public_url_they_dialled"),
];

#[test]
fn every_key_of_the_schema_is_in_the_table_and_every_key_of_the_table_in_the_schema() {
    let schema = binary().arg("schema").output().expect("the program runs").stdout;
    let schema: Value = serde_json::from_slice(&schema).expect("a JSON Schema");
    let mut keys = BTreeSet::new();
    collect(&schema, &schema, "", &mut keys);
    let table: BTreeSet<String> = PROVED_BY.iter().map(|(key, _)| (*key).to_string()).collect();
    assert_eq!(keys, table);
    assert_eq!(table.len(), PROVED_BY.len(), "a key is listed twice");
}

/// Policies are the same wherever they are written, which is what this test is about:
/// `a_policy_is_for_the_gateway_an_api_or_a_plan`.
fn wherever_it_is(path: &str) -> &str {
    let rest = ["apis[].plans[].", "apis[]."].iter().find_map(|level| path.strip_prefix(level));
    rest.filter(|rest| rest.starts_with("policies")).unwrap_or(path)
}

/// The paths of the keys that hold values, lists written as `[]`.
fn collect(schema: &Value, node: &Value, path: &str, keys: &mut BTreeSet<String>) {
    let node = match node["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer).expect("a definition"),
        None => node,
    };
    for alternative in ["anyOf", "oneOf"].iter().filter_map(|word| node[word].as_array()).flatten() {
        collect(schema, alternative, path, keys);
    }
    if node["items"].is_object() {
        collect(schema, &node["items"], &format!("{path}[]"), keys);
    }
    for (name, value) in node["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let before = keys.len();
        collect(schema, value, &path, keys);
        let place = wherever_it_is(&path);
        let is_mapping = keys.iter().any(|key| key.starts_with(place) && key.len() > place.len());
        if keys.len() == before && !is_mapping {
            keys.insert(place.to_owned());
        }
    }
}

#[test]
fn every_test_the_table_names_exists_once() {
    let mut tests = BTreeMap::new();
    count_tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e"), &mut tests);
    for (key, test) in PROVED_BY {
        assert_eq!(tests.get(*test), Some(&1), "{key}: {test}");
    }
}

/// How often each function stands right below `#[test]`, in the sources of a folder.
pub fn count_tests(folder: &Path, tests: &mut BTreeMap<String, usize>) {
    for entry in std::fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            count_tests(&path, tests);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let below =
                text.split("#[test]\n").skip(1).filter_map(|rest| rest.trim_start().strip_prefix("fn "));
            for name in below.filter_map(|rest| rest.split('(').next()) {
                *tests.entry(name.to_string()).or_default() += 1;
            }
        }
    }
}
