namespace DeterministicInference.Receipts.Answers;

/// <summary>The members that are read, of all objects; at most 64.</summary>
internal enum AnswerMember
{
    /// <summary>Not read.</summary>
    Other,

    /// <summary>Not read, but known: it is no other name in disguise, and of an answer of no use by itself.</summary>
    Envelope,
    Choices,
    Error,
    Object,
    Usage,
    Id,
    Created,
    Timings,
    Environment,
    Determinism,
    Extension,
    Index,
    Text,
    FinishReason,
    Message,
    Logprobs,
    TokenIds,
    ResponseTokenIds,
    PromptTokenIds,
    Role,
    Content,
    ReasoningContent,
    Reasoning,
    Refusal,
    FunctionCall,
    ToolCalls,
    Function,
    Custom,
    Name,
    Arguments,
    Input,
    Type,
    Model,
    TotalTokens,
    OutputIds,
    InputIds,
    PromptTokens,
    CompletionTokens,
    Tokens,
    TokenLogprobs,
    TopLogprobs,
    Token,
    Logprob,
}

/// <summary>
/// The names of the members that are read, object by object. Most members of an answer are none of them: the length
/// tells most of them apart.
/// </summary>
internal static class AnswerMembers
{
    /// <summary>For names that come seldom: the other functions are faster.</summary>
    /// <param name="of">The object that has the member.</param>
    /// <param name="name">Unescaped, as in all of these.</param>
    public static AnswerMember Of(AnswerObject of, ReadOnlySpan<byte> name) =>
        of switch
        {
            AnswerObject.Answer => OfAnswer(name),
            AnswerObject.Usage => OfUsage(name),
            AnswerObject.Extension => OfExtension(name),
            AnswerObject.JsonChoice => OfChoice(name, "message"u8),
            AnswerObject.EventChoice => OfChoice(name, "delta"u8),
            AnswerObject.Message => OfMessage(name),
            AnswerObject.JsonTool or AnswerObject.EventTool => OfTool(name, of == AnswerObject.EventTool),
            AnswerObject.Call or AnswerObject.CustomCall => OfCall(name, of == AnswerObject.CustomCall),
            AnswerObject.Logprobs => OfLogprobs(name),
            _ => OfLogprob(name, of == AnswerObject.Alternative),
        };

    /// <param name="name">Unescaped.</param>
    public static AnswerMember OfAnswer(ReadOnlySpan<byte> name) =>
        name.Length switch
        {
            2 => Is(name, "id"u8, AnswerMember.Id),
            5 when name[0] == 'e' => Is(name, "error"u8, AnswerMember.Error),
            5 when name[0] == 'm' => Is(name, "model"u8, AnswerMember.Model),
            5 => Is(name, "usage"u8, AnswerMember.Usage),
            6 when name[0] == 'o' => Is(name, "object"u8, AnswerMember.Object),
            6 => Is(name, "sglext"u8, AnswerMember.Extension),
            7 when name[1] == 'h' => Is(name, "choices"u8, AnswerMember.Choices),
            7 when name[0] == 'c' => Is(name, "created"u8, AnswerMember.Created),
            7 => Is(name, "timings"u8, AnswerMember.Timings),
            11 when name[0] == 'e' => Is(name, "environment"u8, AnswerMember.Environment),
            // Padding against who watches the length of events.
            11 when name[0] == 'o' => Is(name, "obfuscation"u8, AnswerMember.Envelope),
            11 => Is(name, "determinism"u8, AnswerMember.Determinism),
            12 => Is(name, "service_tier"u8, AnswerMember.Envelope),
            16 => Is(name, "prompt_token_ids"u8, AnswerMember.PromptTokenIds),
            18 when name[0] == 's' => Is(name, "system_fingerprint"u8, AnswerMember.Envelope),
            _ => AnswerMember.Other,
        };

    /// <param name="name">Unescaped.</param>
    /// <param name="message">What the message is called.</param>
    public static AnswerMember OfChoice(ReadOnlySpan<byte> name, ReadOnlySpan<byte> message) =>
        name.Length switch
        {
            4 => Is(name, "text"u8, AnswerMember.Text),
            5 when name[0] == 'i' => Is(name, "index"u8, AnswerMember.Index),
            5 or 7 => Is(name, message, AnswerMember.Message),
            8 => Is(name, "logprobs"u8, AnswerMember.Logprobs),
            9 => Is(name, "token_ids"u8, AnswerMember.TokenIds),
            11 => Is(name, "stop_reason"u8, AnswerMember.Envelope),
            12 => Is(name, "matched_stop"u8, AnswerMember.Envelope),
            13 => Is(name, "finish_reason"u8, AnswerMember.FinishReason),
            16 => Is(name, "prompt_token_ids"u8, AnswerMember.PromptTokenIds),
            18 => Is(name, "response_token_ids"u8, AnswerMember.ResponseTokenIds),
            _ => AnswerMember.Other,
        };

    public static AnswerMember OfMessage(ReadOnlySpan<byte> name) =>
        name.Length switch
        {
            4 => Is(name, "role"u8, AnswerMember.Role),
            // What a client library makes of the content, and keeps beside it.
            6 => Is(name, "parsed"u8, AnswerMember.Envelope),
            7 when name[0] == 'c' => Is(name, "content"u8, AnswerMember.Content),
            7 => Is(name, "refusal"u8, AnswerMember.Refusal),
            9 => Is(name, "reasoning"u8, AnswerMember.Reasoning),
            10 => Is(name, "tool_calls"u8, AnswerMember.ToolCalls),
            13 => Is(name, "function_call"u8, AnswerMember.FunctionCall),
            17 => Is(name, "reasoning_content"u8, AnswerMember.ReasoningContent),
            _ => AnswerMember.Other,
        };

    /// <param name="name">Unescaped.</param>
    /// <param name="hasIndex">Whether the index is read.</param>
    public static AnswerMember OfTool(ReadOnlySpan<byte> name, bool hasIndex) =>
        name.Length switch
        {
            2 => Is(name, "id"u8, AnswerMember.Id),
            4 => Is(name, "type"u8, AnswerMember.Type),
            // In a JSON answer calls are counted; some libraries keep the index of a stream, and SGLang has another
            // one.
            5 => Is(name, "index"u8, hasIndex ? AnswerMember.Index : AnswerMember.Envelope),
            6 => Is(name, "custom"u8, AnswerMember.Custom),
            8 => Is(name, "function"u8, AnswerMember.Function),
            _ => AnswerMember.Other,
        };

    /// <summary>Of <c>function</c>, <c>function_call</c> and <c>custom</c>.</summary>
    /// <param name="name">Unescaped.</param>
    /// <param name="isCustom">Whether it is the last of them.</param>
    public static AnswerMember OfCall(ReadOnlySpan<byte> name, bool isCustom) =>
        name.Length switch
        {
            4 => Is(name, "name"u8, AnswerMember.Name),
            5 when isCustom => Is(name, "input"u8, AnswerMember.Input),
            9 when !isCustom => Is(name, "arguments"u8, AnswerMember.Arguments),
            16 => Is(name, "parsed_arguments"u8, AnswerMember.Envelope),
            _ => AnswerMember.Other,
        };

    public static AnswerMember OfExtension(ReadOnlySpan<byte> name) =>
        name.Length switch
        {
            9 => Is(name, "input_ids"u8, AnswerMember.InputIds),
            10 => Is(name, "output_ids"u8, AnswerMember.OutputIds),
            _ => AnswerMember.Other,
        };

    public static AnswerMember OfUsage(ReadOnlySpan<byte> name) =>
        name.Length switch
        {
            12 => Is(name, "total_tokens"u8, AnswerMember.TotalTokens),
            13 => Is(name, "prompt_tokens"u8, AnswerMember.PromptTokens),
            17 => Is(name, "completion_tokens"u8, AnswerMember.CompletionTokens),
            _ => AnswerMember.Other,
        };

    public static AnswerMember OfLogprobs(ReadOnlySpan<byte> name) =>
        name.Length switch
        {
            6 => Is(name, "tokens"u8, AnswerMember.Tokens),
            7 when name[0] == 'c' => Is(name, "content"u8, AnswerMember.Content),
            7 => Is(name, "refusal"u8, AnswerMember.Refusal),
            12 => Is(name, "top_logprobs"u8, AnswerMember.TopLogprobs),
            14 => Is(name, "token_logprobs"u8, AnswerMember.TokenLogprobs),
            _ => AnswerMember.Other,
        };

    /// <param name="name">Unescaped.</param>
    /// <param name="isAlternative">
    /// Whether it is one of another one's alternatives, which have none of their own.
    /// </param>
    public static AnswerMember OfLogprob(ReadOnlySpan<byte> name, bool isAlternative) =>
        name.Length switch
        {
            5 => Is(name, "token"u8, AnswerMember.Token),
            7 => Is(name, "logprob"u8, AnswerMember.Logprob),
            12 when !isAlternative => Is(name, "top_logprobs"u8, AnswerMember.TopLogprobs),
            _ => AnswerMember.Other,
        };

    private static AnswerMember Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known, AnswerMember member) =>
        name.SequenceEqual(known) ? member : AnswerMember.Other;
}
