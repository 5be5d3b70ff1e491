//! The table of all that can be asked for by name, vendor by vendor: the name, whether it lasts, and what it is.
//!
//! `once` is met by the first attempt of a request, `lasts` by every one. What a refusal says costs nothing; a refusal within a
//! 200 and a stream that breaks off are billed for what was made, as the vendors do.

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) is_lasting: bool,
    pub(super) says: &'static str,
}

/// Whether every attempt meets it.
macro_rules! lasting {
    (once) => {
        false
    };
    (lasts) => {
        true
    };
}

macro_rules! oddities {
    ($(#[$doc:meta])* $vendor:ident, $prefix:literal; $($variant:ident $name:literal $lasts:ident $says:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $vendor {
            $(#[doc = $says] $variant,)*
        }

        impl $vendor {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub(super) fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        name: concat!($prefix, ".", $name),
                        is_lasting: lasting!($lasts),
                        says: $says,
                    },)*
                }
            }
        }
    };
}

oddities! {
    /// The oddities of Anthropic's wire.
    Anthropic, "anthropic";
    BadKey "bad_key_401" lasts "the key is refused: 401 authentication_error";
    Billing "billing_402" lasts "402 billing_error: the account has no means left";
    Permission "permission_403" lasts "403 permission_error: the key may not use the model";
    RetiredModel "retired_model" lasts "404 not_found_error with `model: ID`, as for a model that is retired";
    SpendLimit "spend_limit" lasts "400 invalid_request_error whose text says that your own spend limit is reached";
    TierSpendLimit "tier_spend_limit" lasts "429 without retry-after and with `enforced_spend_limit_reached` in its details";
    TooLarge "too_large_413" lasts "413 request_too_large: the body is above 32 MB, they say";
    RateLimit "rate_limit" once "429 rate_limit_error with retry-after";
    TooManyConcurrent "too_many_concurrent" once "429 rate_limit_error about concurrent connections";
    Overloaded "overloaded" once "529 overloaded_error: more load than they can take";
    ApiError "api_error_500" once "500 api_error: something broke on their side";
    TimeOut "timeout_504" once "504 timeout_error after a wait";
    Conflict "conflict_409" once "409 conflict_error, which may be tried again";
    EdgeHtml "edge_html_502" once "502 with a page in HTML from the edge, in no form of the API's";
    NoRetry "should_not_retry" once "529 with `x-should-retry: false`";
    ErrorEvent "error_event" once "a stream that ends in `event: error` after its first half; the half is billed";
    NoMessageStop "no_message_stop" once "a stream that ends without message_stop; what was made is billed";
    Refusal "refusal" lasts "stop_reason refusal with a category and little text; it is billed";
    OnlyThinking "only_thinking" lasts "all tokens went into thinking: stop_reason max_tokens and no text; it is billed";
    PauseTurn "pause_turn" once "stop_reason pause_turn in the middle of the text; it is billed";
    WindowExceeded "window_exceeded" once "stop_reason model_context_window_exceeded in the middle of the text; it is billed";
    PingAndUnknownEvent "ping_and_unknown_event" lasts "pings between all events, an unknown event, an unknown delta and an unknown block";
    TwoMessageDeltas "two_message_deltas" lasts "five message_delta events whose output_tokens grow (two are always there)";
    NullUsage "null_usage" lasts "counts of the cache that are null or missing";
    SplitUtf8 "split_utf8" lasts "bytes that arrive one to three at a time, so that characters are cut in two";
    BatchExpired "batch_expired" lasts "requests of a batch that expire; they are not billed";
    BatchErrored "batch_errored" lasts "requests of a batch that end in an error; they are not billed";
    BatchSlow "batch_slow" lasts "batches that do not end, and expire after 24 hours";
}

oddities! {
    /// The oddities of Gemini's wire.
    Gemini, "gemini";
    BadKey "bad_key" lasts "the key is refused with 400 INVALID_ARGUMENT and API_KEY_INVALID";
    Permission "permission_403" lasts "403 PERMISSION_DENIED: the key has no access";
    Precondition "failed_precondition" lasts "400 FAILED_PRECONDITION: no billing, or not in this region";
    NotFound "retired_model" lasts "404 NOT_FOUND, as for a model that was shut down";
    QuotaRetryInfo "quota_retry_info" once "429 RESOURCE_EXHAUSTED with a RetryInfo in fractions of a second";
    QuotaPerDay "quota_per_day" lasts "429 RESOURCE_EXHAUSTED whose QuotaFailure is for the day";
    Overloaded "overloaded" once "503 UNAVAILABLE: the model is overloaded";
    Internal "internal_500" once "500 INTERNAL: something broke on their side";
    Deadline "deadline_504" once "504 DEADLINE_EXCEEDED after a wait";
    Cancelled "cancelled_499" once "499 CANCELLED: they think that the client is gone";
    BlockedPrompt "blocked_prompt" lasts "200 with no candidates and a promptFeedback; the prompt is billed";
    NoParts "no_parts" lasts "a candidate without parts and MAX_TOKENS: all went into thoughts; it is billed";
    Safety "safety" lasts "finishReason SAFETY in the middle of the text; it is billed";
    Recitation "recitation" once "finishReason RECITATION in the middle of the text; it is billed";
    Continuation "continuation" once "finishReason CONTINUATION with a token to go on; it is billed";
    Thoughts "thoughts" lasts "thoughts before and between the parts of the text";
    OtherVersion "other_model_version" lasts "a modelVersion that is not the model that was asked";
    ImplicitCache "implicit_cache" lasts "half of a long prompt comes from the implicit cache, at its price";
    StreamError "stream_error" once "a stream that ends in a data frame with an error; what was made is billed";
    StreamErrorBare "stream_error_bare" once "a stream that ends in a bare, wrapped, many-lined error; what was made is billed";
    StreamCut "stream_cut" once "a stream that closes without a finishReason; what was made is billed";
    SplitUtf8 "split_utf8" lasts "bytes that arrive one to three at a time, so that characters are cut in two";
}

oddities! {
    /// The oddities of Perplexity's wire.
    Perplexity, "perplexity";
    Html401 "html_401" lasts "the key is refused with 401 and a page in HTML";
    Credit "credit_402" lasts "402 insufficient_credit: no credit is left";
    Permission "permission_403" lasts "403: the key may not use the model";
    InvalidModel "invalid_model" lasts "400 invalid_model with an integer code";
    Validation "validation_422" lasts "422 with a list of details";
    RateLimit "rate_limit" once "429 with retry-after in whole seconds";
    EdgeHtml "edge_html_502" once "502 with a page in HTML from the edge";
    Failed200 "failed_200" once "200 with `status: failed` and an error; search and prompt are billed";
    NoSearchResults "no_search_results" lasts "no search_results in the output, although a search was forced and is billed";
    UnknownItems "unknown_items" lasts "more items, parts and events of kinds that clients do not know";
    NoCost "no_cost" lasts "a usage that has no cost in it";
    SplitUtf8 "split_utf8" lasts "bytes that arrive one to three at a time, so that characters are cut in two";
    SonarRetired "sonar_retired" lasts "the older chat completions have ended, although the studio serves them otherwise";
    ThinkInFront "think_in_front" lasts "older chat completions with thoughts in front of the text";
}

oddities! {
    /// The oddities of ElevenLabs' wire.
    ElevenLabs, "elevenlabs";
    BadKey "bad_key_401" lasts "the key is refused: 401 invalid_api_key";
    Quota "quota_401" lasts "401 quota_exceeded: the credits are used up";
    MissingPermissions "missing_permissions_401" lasts "401 missing_permissions: the key is restricted";
    PaidPlan "paid_plan_402" lasts "402 paid_plan_required: the voice needs a paid plan";
    CreatorOnly "creator_only_403" lasts "403 only_for_creator+: the plan is too small";
    VoiceNotFound "voice_not_found" lasts "404 voice_not_found: there is no such voice";
    PlainNotFound "plain_not_found" lasts "404 with a detail that is a bare text";
    Validation "validation_422" lasts "422 with a list of details";
    TextTooLong "text_too_long" lasts "400 text_too_long: more characters than the model takes";
    TooManyConcurrent "too_many_concurrent" once "429 too_many_concurrent_requests: the plan's own limit";
    SystemBusy "system_busy" once "429 system_busy: their load";
    InternalError "internal_error_500" once "500 internal_error: something broke on their side";
    NullAlignment "null_alignment" lasts "alignments that are null, in streams for every second piece";
    CreditsHeader "credits_header" lasts "a character-cost of a tenth of the characters, as on discounted models";
    NoCostHeader "no_cost_header" lasts "no character-cost and no counts of concurrent requests";
    StreamCut "stream_cut" once "a stream that breaks in the middle; the text is billed";
}

oddities! {
    /// The oddities of the servers that speak OpenAI's wire.
    OpenAi, "openai";
    BadKey "bad_key_401" lasts "the key is refused: 401 in the form of the server";
    WrongModel "wrong_model_404" lasts "404: the server does not have the model";
    RateLimit "rate_limit" once "429 with retry-after in whole seconds";
    Loading503 "loading_503" once "503 while the model is loaded";
    QueueFull503 "queue_full_503" once "503: the queue is full";
    ServerError "server_error_500" once "500 in the server's own form";
    BareError "bare_error" once "500 whose error is a bare text";
    UnwrappedError "unwrapped_error" once "400 in the older form `{\"object\":\"error\",…}`";
    ContextOverflow "context_overflow" lasts "400: the prompt is longer than the context";
    NoUsage "no_usage" lasts "no counts, asked for or not";
    NoDone "no_done" lasts "streams without `[DONE]`";
    ErrorFrame "error_frame" once "a stream that ends in a frame with an error";
    EndsInMiddle "ends_in_middle" once "a stream that just ends, without finish_reason and `[DONE]`";
    NullContentReasoning "null_content_reasoning" lasts "content null, reasoning only, finish_reason length";
    Thinks "thinks" lasts "thoughts in the server's own member before the text";
    ThinkInText "think_in_text" lasts "thoughts in `<think>` in front of the text";
    CachedTokens "cached_tokens" lasts "half of a long prompt counted as cached";
    SplitUtf8 "split_utf8" lasts "bytes that arrive one to three at a time, so that characters are cut in two";
}
