using System.Text.Json;

namespace DeterministicInference.Server.Proxy;

/// <summary>Members of answers that mean something to this server.</summary>
internal enum AnswerMember
{
    Other,
    Error,
    Usage,
    Choices,
    Index,
    FinishReason,
    Message,
    Delta,
    TokenIds,
    Extension,
    Id,
    Created,
    Timings,
    Environment,
    Determinism,
}

/// <summary>Their names, by the name's first letter: most members of an answer are none of them.</summary>
internal static class AnswerMembers
{
    /// <summary>A member of the answer or the event itself.</summary>
    public static AnswerMember OfAnswer(ref Utf8JsonReader name) =>
        name.ValueTextEquals("choices"u8) ? AnswerMember.Choices
        : name.ValueTextEquals("id"u8) ? AnswerMember.Id
        : name.ValueTextEquals("created"u8) ? AnswerMember.Created
        : name.ValueTextEquals("usage"u8) ? AnswerMember.Usage
        : name.ValueTextEquals("error"u8) ? AnswerMember.Error
        : name.ValueTextEquals("prompt_token_ids"u8) ? AnswerMember.TokenIds
        : name.ValueTextEquals("sglext"u8) ? AnswerMember.Extension
        : name.ValueTextEquals("timings"u8) ? AnswerMember.Timings
        : name.ValueTextEquals("environment"u8) ? AnswerMember.Environment
        : name.ValueTextEquals("determinism"u8) ? AnswerMember.Determinism
        : AnswerMember.Other;

    /// <summary>A member of a choice.</summary>
    public static AnswerMember OfChoice(ref Utf8JsonReader name) =>
        name.ValueTextEquals("index"u8) ? AnswerMember.Index
        : name.ValueTextEquals("finish_reason"u8) ? AnswerMember.FinishReason
        : name.ValueTextEquals("delta"u8) ? AnswerMember.Delta
        : name.ValueTextEquals("message"u8) ? AnswerMember.Message
        : name.ValueTextEquals("token_ids"u8) || name.ValueTextEquals("prompt_token_ids"u8) ? AnswerMember.TokenIds
        : AnswerMember.Other;

    /// <summary>A member of SGLang's extension that has token ids.</summary>
    public static bool IsTokenIdsOfExtension(ref Utf8JsonReader name) => name.ValueTextEquals("input_ids"u8) || name.ValueTextEquals("output_ids"u8);
}
