namespace DeterministicInference.Receipts.Answers;

/// <summary>What a part of an answer is.</summary>
internal enum AnswerPartKind : byte
{
    /// <summary>Nothing: a member that another one of the same object stands for.</summary>
    None,

    /// <summary>A choice, before its own parts.</summary>
    Choice,

    /// <summary>A fragment of the channel <c>text</c>.</summary>
    Text,

    /// <summary>A fragment of the channel <c>content</c>.</summary>
    Content,

    /// <summary>A fragment of the channel <c>reasoning</c>.</summary>
    Reasoning,

    /// <summary>A fragment of the channel <c>refusal</c>.</summary>
    Refusal,

    /// <summary>A fragment of the channel <c>call.name</c>.</summary>
    CallName,

    /// <summary>A fragment of the channel <c>call.arguments</c>.</summary>
    CallArguments,

    /// <summary>A tool call, before its own parts.</summary>
    Tool,

    /// <summary>A fragment of a tool call's name.</summary>
    ToolName,

    /// <summary>A fragment of a tool call's arguments.</summary>
    ToolArguments,

    /// <summary>A fragment of a custom tool's input.</summary>
    ToolInput,

    /// <summary>The <c>finish_reason</c> of a choice, a string.</summary>
    Finish,

    /// <summary>A tool call's <c>id</c>, if it is a string.</summary>
    ToolId,

    /// <summary>The <c>index</c> of an engine's tool call, if it is null or a text that is a number.</summary>
    ToolIndex,

    /// <summary>The <c>role</c> of a message or delta.</summary>
    Role,

    /// <summary>A member of the answer or event that is not read and has a value: it is not bound.</summary>
    Unbound,

    /// <summary>A member of a choice that is not read and has a value.</summary>
    ChoiceExtra,

    /// <summary>The same of a message or delta.</summary>
    MessageExtra,

    /// <summary>The same of a tool call.</summary>
    ToolExtra,

    /// <summary>Token ids of a choice, or null.</summary>
    TokenIds,

    /// <summary>Token ids of a prompt, or null.</summary>
    PromptTokenIds,

    /// <summary>Token ids of all choices, or null; the lists are parts of their own.</summary>
    TokenIdLists,

    /// <summary>One list of <see cref="TokenIdLists"/>: an element, no member.</summary>
    TokenIdList,

    /// <summary>The object <c>sglext</c>, before its own parts; null has none.</summary>
    Extension,

    /// <summary><c>usage.prompt_tokens</c>, a whole number.</summary>
    PromptTokens,

    /// <summary><c>usage.completion_tokens</c>, a whole number.</summary>
    CompletionTokens,

    /// <summary><c>usage.total_tokens</c>, a whole number.</summary>
    TotalTokens,

    /// <summary>The <c>model</c> that the answer names, a string.</summary>
    Model,

    /// <summary>The answer's <c>id</c>.</summary>
    Id,

    /// <summary><c>created</c>.</summary>
    Created,

    /// <summary><c>timings</c>.</summary>
    Timings,

    /// <summary><c>environment</c>.</summary>
    Environment,

    /// <summary><c>determinism</c>.</summary>
    Determinism,

    /// <summary>The object <c>logprobs</c> of a choice, if it is read, before its own parts.</summary>
    Logprobs,

    /// <summary><c>text_offset</c> in it, an array.</summary>
    TextOffsets,

    /// <summary>
    /// Another member of log-probabilities that is not read and has a value, but for <c>bytes</c>: it is not bound.
    /// </summary>
    LogprobsExtra,

    /// <summary><c>error</c>, unless it is null, or <c>object</c>, if it is <c>error</c>.</summary>
    Error,
}

/// <summary>What a part has beside its kind and place.</summary>
[Flags]
internal enum AnswerPartTraits : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The first member of its object.</summary>
    IsFirst = 1,

    /// <summary>Of a list of token ids: anything else stands there than 32-bit numbers.</summary>
    IsMalformed = 2,

    /// <summary>
    /// Of a choice or the extension: without its token ids nothing is left but an index, null, and an empty delta.
    /// </summary>
    IsBare = 4,

    /// <summary>Of a tool call: it has a <c>function</c>, or says that it is one.</summary>
    IsFunction = 8,

    /// <summary>Of a tool call: it has a <c>custom</c>, or says that it is one.</summary>
    IsCustom = 16,

    /// <summary>Of reasoning: it is the value of <c>reasoning_content</c>.</summary>
    IsReasoningContent = 32,

    /// <summary>Of reasoning: it is the value of <c>reasoning</c>.</summary>
    IsReasoning = 64,

    /// <summary>Of a tool call of an event: it has no index, or null, and got a number.</summary>
    LacksIndex = 128,

    /// <summary>Of arguments: an object or array stands there, not a text.</summary>
    IsStructure = 256,

    /// <summary>Of token ids of a choice: they are the value of <c>response_token_ids</c>.</summary>
    IsResponseTokenIds = 512,

    /// <summary>Of a tool call that got a number: a member <c>index</c> is there.</summary>
    NamesIndex = 1024,
}

/// <summary>A piece of an answer or event that means something.</summary>
internal readonly record struct AnswerPart
{
    /// <summary>What it is.</summary>
    public AnswerPartKind Kind { get; internal init; }

    /// <summary>What more there is to say of it.</summary>
    public AnswerPartTraits Traits { get; internal init; }

    /// <summary>Index of the choice to which it belongs; 0 for what belongs to none.</summary>
    public int Choice { get; internal init; }

    /// <summary>Index of the tool call to which it belongs; 0 for what belongs to none.</summary>
    public int Tool { get; internal init; }

    /// <summary>The end of the member before it in its object, else the place behind the object's brace.</summary>
    public int Before { get; internal init; }

    /// <summary>The first byte of the member's name; of an element, of its value.</summary>
    public int Start { get; internal init; }

    /// <summary>The first byte of the value.</summary>
    public int ValueStart { get; internal init; }

    /// <summary>The byte behind the value.</summary>
    public int End { get; internal init; }

    /// <summary>Where the value stands.</summary>
    public Range Value => ValueStart..End;

    /// <summary>Whether the part has a trait.</summary>
    public bool Is(AnswerPartTraits trait) => (Traits & trait) != 0;
}
