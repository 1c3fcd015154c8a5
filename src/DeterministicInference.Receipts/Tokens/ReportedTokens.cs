using System.Buffers;
using System.Buffers.Binary;
using DeterministicInference.Receipts.Answers;

namespace DeterministicInference.Receipts.Tokens;

/// <summary>
/// Chains the token ids that an engine reports while its answer passes by: those of each choice
/// (<c>token_ids</c>, <c>response_token_ids</c>), or of all choices at the end (<c>sglext.output_ids</c>); prompts
/// from <c>prompt_token_ids</c>, at the top level or in a choice, or <c>sglext.input_ids</c>. Keeps 32 bytes per chain
/// and two per token, and allocates nothing per event. For one caller at a time.
/// </summary>
/// <param name="salts">The receipt's. Without that of a label its tokens are not bound.</param>
/// <param name="choicesPerPrompt">How many choices the answer has for each prompt: the request's <c>n</c>.</param>
/// <param name="keep">Also keep the generated ids, for <see cref="OfChoice"/>.</param>
internal sealed class ReportedTokens(ReceiptSalts salts, int choicesPerPrompt = 1, bool keep = false)
{
    private readonly TokenChain _tokens = new(salts[SaltLabel.Tokens] ?? Unknown);
    private readonly PromptDigest _prompts = new(salts[SaltLabel.Prompt] ?? Unknown);
    private readonly ArrayBufferWriter<byte> _ids = new();
    private readonly SortedSet<int> _choices = [];
    private readonly Dictionary<int, List<uint>> _kept = [];
    private readonly int _choicesPerPrompt = Math.Max(choicesPerPrompt, 1);
    private Route _route;
    private long _counted;
    private bool _partial,
        _textAlone;

    /// <summary>Stands for a salt that is not known; nothing that was made with it is handed out.</summary>
    private static Salt Unknown { get; } = new(new byte[Salt.Size]);

    private enum Route
    {
        None,
        TokenIds,
        ResponseTokenIds,
        Extension,
    }

    /// <summary>The generated tokens so far; null if the engine did not report the ids of all of them.</summary>
    public TokenDigest? Tokens => HasAllTokens && salts[SaltLabel.Tokens] is not null ? _tokens.Current() : null;

    /// <summary>Whether ids of generated tokens are there, also unreadable ones or not all.</summary>
    public bool HasTokens { get; private set; }

    /// <summary>The same of the prompts' ids.</summary>
    public bool HasPrompt { get; private set; }

    /// <summary>Whether the engine reported the ids of all generated tokens.</summary>
    public bool HasAllTokens => !_partial && _tokens.HasExactly(_choices.Count) && _tokens.Total >= _counted;

    /// <summary>The prompts' tokens; null likewise.</summary>
    public TokenDigest? Prompt =>
        !_partial
        && salts[SaltLabel.Prompt] is not null
        && _choices.Count > 0
        && _prompts.HasExactly(_choices.Max / _choicesPerPrompt + 1)
            ? _prompts.Current()
            : null;

    /// <summary>Adds a JSON answer, or the next event of a stream.</summary>
    /// <param name="answer">What was read of it. One without a canonical form makes the report a partial one.</param>
    public void Append(scoped in AnswerReading answer)
    {
        _partial |= answer.HasDefect;
        ReadOnlySpan<AnswerPart> parts = answer.Parts;
        for (int i = 0; i < parts.Length; )
        {
            if (parts[i].Kind == AnswerPartKind.Choice)
                i += AddChoice(answer, parts[i..]);
            else
                Add(answer, parts[i++]);
        }
    }

    /// <summary>The ids of a choice as far as they were reported, if they are kept; else none.</summary>
    /// <param name="index">Of the choice.</param>
    public IReadOnlyList<uint> OfChoice(int index) => _kept.GetValueOrDefault(index) ?? (IReadOnlyList<uint>)[];

    /// <summary>Adds a choice, the first of these parts.</summary>
    /// <returns>How many of the parts belong to it.</returns>
    private int AddChoice(scoped in AnswerReading answer, ReadOnlySpan<AnswerPart> parts)
    {
        AnswerPart choice = parts[0];
        _choices.Add(choice.Choice);
        bool hasText = false,
            hasIds = false,
            hasFinish = false;
        int count = 1;
        for (; count < parts.Length && parts[count].Start < choice.End; count++)
        {
            ref readonly AnswerPart part = ref parts[count];
            switch (part.Kind)
            {
                case AnswerPartKind.Text or AnswerPartKind.Content or AnswerPartKind.Reasoning:
                    hasText |= !answer.ValueIs(part, ""u8);
                    break;
                case AnswerPartKind.Finish:
                    hasFinish |= !answer.ValueIs(part, ""u8);
                    break;
                case AnswerPartKind.TokenIds when !answer.IsNull(part):
                    // Which of two lists is the right one is not said.
                    _partial |= hasIds;
                    hasIds = true;
                    Add(answer, part);
                    break;
                default:
                    Add(answer, part);
                    break;
            }
        }
        if (hasText && !hasIds && !hasFinish)
            SeeTextAlone(choice.Choice);
        return count;
    }

    private void Add(scoped in AnswerReading answer, in AnswerPart part)
    {
        _partial |= part.Is(AnswerPartTraits.IsMalformed);
        HasTokens |= part.Kind is AnswerPartKind.TokenIds or AnswerPartKind.TokenIdList && !answer.IsNull(part);
        HasTokens |= part.Kind == AnswerPartKind.TokenIdLists && part.Is(AnswerPartTraits.IsMalformed);
        HasPrompt |= part.Kind == AnswerPartKind.PromptTokenIds && !answer.IsNull(part);
        switch (part.Kind)
        {
            case AnswerPartKind.TokenIds or AnswerPartKind.TokenIdList when !IsLeftOut(answer, part):
                AddTokens(answer, part);
                break;
            case AnswerPartKind.PromptTokenIds when !IsLeftOut(answer, part):
                AddPrompt(answer, part);
                break;
            case AnswerPartKind.CompletionTokens:
                // What the engine says that it generated: fewer ids are not all of them.
                _counted = answer.Number(part);
                break;
        }
    }

    private static bool IsLeftOut(scoped in AnswerReading answer, in AnswerPart part) =>
        answer.IsNull(part) || part.Is(AnswerPartTraits.IsMalformed);

    /// <summary>Text came without the ids of its tokens, before the end of the choice.</summary>
    private void SeeTextAlone(int choice)
    {
        // Before any id the choice may be one whose ids come in the last event.
        if (_route is Route.TokenIds or Route.ResponseTokenIds || _tokens.Has(choice))
            _partial = true;
        else
            _textAlone = true;
    }

    /// <summary>The ids come by one way: which of two reports is the right one is not said.</summary>
    private void AddTokens(scoped in AnswerReading answer, in AnswerPart list)
    {
        Route route =
            list.Kind != AnswerPartKind.TokenIds ? Route.Extension
            : list.Is(AnswerPartTraits.IsResponseTokenIds) ? Route.ResponseTokenIds
            : Route.TokenIds;
        if (_route != Route.None && _route != route)
        {
            // Of two reports each reader takes another one.
            _partial = true;
            return;
        }
        _route = route;
        // Ids of the choices come with their text; a second list for all of a choice would be another one.
        _partial |= route == Route.Extension ? _tokens.Has(list.Choice) : _textAlone;
        _tokens.Append(list.Choice, []);
        List<uint>? kept = null;
        if (keep && !_kept.TryGetValue(list.Choice, out kept))
            _kept.Add(list.Choice, kept = []);
        TokenIdReader ids = answer.Ids(list);
        while (ids.Next(out uint id))
        {
            _tokens.Append(list.Choice, id);
            kept?.Add(id);
        }
    }

    /// <summary>Every choice of a prompt repeats its ids.</summary>
    private void AddPrompt(scoped in AnswerReading answer, in AnswerPart list)
    {
        _ids.ResetWrittenCount();
        TokenIdReader ids = answer.Ids(list);
        while (ids.Next(out uint id))
        {
            BinaryPrimitives.WriteUInt32BigEndian(_ids.GetSpan(sizeof(uint)), id);
            _ids.Advance(sizeof(uint));
        }
        _partial |= !_prompts.TryRepeat(list.Choice / _choicesPerPrompt, _ids.WrittenSpan);
    }
}
