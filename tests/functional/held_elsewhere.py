"""Row of what emulators let through → tests elsewhere which hold that backendctl does not fall into it."""

from __future__ import annotations

LIFECYCLE, PERMISSION = "functional/test_lifecycle.py", "unit/resources/lambda_/test_permission.py"
HELD = {
    1: [
        "unit/aws/test_pacing.py::test_a_scarce_call_is_made_at_once_and_then_at_its_rate",
        "unit/aws/test_seam.py::test_calls_are_paced_before_they_are_sent",
    ],
    2: [
        "unit/aws/test_retry.py::test_a_quota_that_is_reached_is_final",
        "unit/aws/test_seam.py::test_a_reached_quota_is_not_asked_again_although_it_is_a_429",
    ],
    3: [
        "unit/resources/apigateway/test_rest_api.py::test_a_new_api_is_regional_marked_and_holds_the_definition",
        "unit/resources/apigateway/test_domain.py::test_the_certificate_is_looked_up_and_the_domain_is_regional_and_marked",
    ],
    4: [
        "unit/resources/apigateway/test_rest_api.py::test_another_definition_keeps_the_id_and_is_put_with_overwrite",
        "unit/resources/apigateway/test_rest_api.py::test_settings_made_by_hand_travel_in_the_body",
    ],
    5: [
        f"{LIFECYCLE}::test_changing_only_the_definition_touches_no_function",
        "unit/resources/apigateway/test_rest_api.py::test_a_put_is_repeated_when_it_was_not_finished",
        "unit/resources/apigateway/test_stage.py::test_ten_deployments_stay_and_those_in_use",
    ],
    6: [
        "unit/resources/apigateway/test_api_account.py::test_every_region_gets_the_one_role",
        "unit/resources/apigateway/test_api_account.py::test_an_access_log_needs_the_role_too",
    ],
    7: [
        "unit/resources/apigateway/test_stage.py::test_a_stage_with_a_canary_keeps_its_definition",
        "unit/resources/apigateway/test_stage.py::test_a_stage_with_a_canary_may_change_its_settings",
    ],
    8: ["unit/spec/test_check.py::test_stages"],
    9: [
        "unit/resources/apigateway/test_domain.py::test_a_certificate_of_another_region_is_refused_before_the_call",
        "unit/resources/apigateway/test_domain.py::test_a_pending_certificate_is_refused_before_the_call",
        "unit/resources/apigateway/test_domain.py::test_create_when_ours_exists_by_now_is_fine",
        f"{LIFECYCLE}::test_first_deploy_creates_everything_and_the_second_plan_is_empty",
    ],
    10: [
        "unit/resources/apigateway/test_mapping.py::test_a_stage_cannot_go_before_its_mapping",
        f"{LIFECYCLE}::test_destroy_refuses_what_holds_data_until_it_is_named_and_then_leaves_nothing",
    ],
    11: [
        f"{PERMISSION}::test_slots_are_called_by_the_stage_and_the_warmer_and_the_plain_name_beside_them_by_nobody",
        f"{LIFECYCLE}::test_the_domain_answers_in_each_region_with_its_own_function",
        f"{LIFECYCLE}::test_a_second_stage_has_its_own_path",
    ],
    12: ["unit/aws/test_seam.py::test_botocore_sends_again_while_aws_says_not_yet"],
    13: ["unit/aws/test_retry.py::test_these_words_of_aws_mean_not_yet"],
    14: [
        "unit/resources/lambda_/test_function.py::test_large_code_goes_through_the_bucket_of_the_region",
        "unit/resources/lambda_/test_function.py::test_large_code_without_a_bucket_is_a_plain_sentence",
    ],
    15: [
        f"{PERMISSION}::test_statement_ids_fit_what_lambda_takes",
        f"{PERMISSION}::test_a_policy_that_would_be_too_long_is_refused_before_the_call",
        f"{PERMISSION}::test_the_second_plan_is_empty",
    ],
    16: [
        f"{LIFECYCLE}::test_going_back_to_the_old_code_publishes_nothing",
        "unit/resources/lambda_/test_function.py::test_an_older_version_that_is_another_is_an_error",
        "unit/resources/lambda_/test_alias.py::test_the_weights_of_somebody_else_are_taken_off",
    ],
    18: [
        "unit/resources/dynamodb/test_replica.py::test_replicas_of_one_table_are_made_one_after_the_other",
        "unit/resources/dynamodb/test_replica.py::test_the_replica_is_asked_for_alone_and_once",
        "unit/resources/dynamodb/test_replica.py::test_a_replica_is_not_active_because_its_own_table_says_so",
        "unit/resources/dynamodb/test_replica.py::test_the_wait_ends_after_half_an_hour",
        f"{LIFECYCLE}::test_three_regions_at_once",
    ],
    19: ["unit/resources/dynamodb/test_replica.py::test_a_replica_waits_for_all_scaling_of_the_primary"],
    20: [
        "unit/resources/dynamodb/test_replica.py::test_a_replica_copied_from_today_says_to_come_back_tomorrow",
        "unit/resources/dynamodb/test_table_refusals.py::test_what_is_protected_is_not_deleted",
        f"{LIFECYCLE}::test_a_region_can_be_added_and_taken_away_again",
        f"{LIFECYCLE}::test_what_was_destroyed_can_be_deployed_again",
    ],
    21: [
        "unit/resources/dynamodb/test_table.py::test_each_change_is_a_call_of_its_own",
        "unit/resources/dynamodb/test_table.py::test_a_table_is_not_active_while_an_index_is_filled",
    ],
    22: [
        "unit/resources/dynamodb/test_table.py::test_throughput_is_never_sent_again",
        "unit/resources/dynamodb/test_table.py::test_nothing_to_change_is_no_call",
    ],
    23: ["unit/resources/dynamodb/test_replica.py::test_tags_recovery_and_protection_are_each_regions_own"],
    24: [
        "unit/resources/events/test_warmer.py::test_entries_that_fail_for_a_moment_are_sent_again",
        "unit/resources/events/test_warmer.py::test_entries_that_fail_for_good_are_told",
        "unit/resources/events/test_warmer.py::test_a_rule_takes_five_targets",
        "unit/resources/events/test_warmer.py::test_a_disabled_warmer_stays_disabled",
        "unit/resources/events/test_warmer.py::test_delete_takes_targets_and_rules_and_may_be_repeated",
    ],
    25: [
        "unit/resources/route53/test_record.py::test_a_simple_record_is_foreign_and_replaced_in_one_batch_when_adopted",
        "unit/resources/route53/test_record.py::test_deletion_is_verbatim_and_again_is_done",
        "unit/aws/test_pacing.py::test_route53_is_called_four_times_a_second",
    ],
}
