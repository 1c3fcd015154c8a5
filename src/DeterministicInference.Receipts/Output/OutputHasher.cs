using System.Buffers;
using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// Computes <c>dis-out/2</c> while an answer passes by. The same choices give the same digest whether they come as one
/// JSON answer or as events, cut in any places. It holds hashes, never text: its memory
/// grows with the number of channels, not with their length. For one caller at a time.
/// </summary>
internal sealed class OutputHasher : IDisposable
{
    /// <summary>Of each there are hashes: an answer of nothing else would take a hundred times its bytes.</summary>
    private const int MostChoicesAndCalls = 16_384;

    private readonly SortedDictionary<int, ChoiceOutput> _choices = [];
    private readonly bool _logprobs,
        _keepsText;
    private readonly ArrayBufferWriter<byte> _scratch = new();
    private AnswerDelivery? _delivery;
    private string? _model;
    private AnswerUsage? _usage;
    private int _choicesAndCalls;
    private bool _broken,
        _finished;

    /// <summary>Starts with nothing.</summary>
    /// <param name="logprobs">
    /// Whether the client asked for log-probabilities: <c>dis-logprobs/2</c> is computed also where there are none.
    /// </param>
    public OutputHasher(bool logprobs = false) => _logprobs = logprobs;

    /// <param name="logprobs">As above.</param>
    /// <param name="keepsText">Also keep the texts, for <see cref="Texts"/>.</param>
    internal OutputHasher(bool logprobs, bool keepsText) => (_logprobs, _keepsText) = (logprobs, keepsText);

    /// <summary>Whether all of the answer has come.</summary>
    public AnswerCompleteness Completeness { get; } = new();

    /// <summary>Adds the next event of a stream, or a JSON answer, which is the only thing to be added then.</summary>
    /// <param name="answer">What was read, with its log-probabilities.</param>
    /// <exception cref="CanonicalFormException">
    /// The answer has no canonical form. The hasher is of no use any more.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A JSON answer is added together with something else, or after <see cref="Finish"/> or an exception.
    /// </exception>
    public void Append(scoped in AnswerReading answer)
    {
        Begin(answer.Delivery);
        Add(answer);
    }

    /// <summary>The canonical output of all that was added. Nothing can be added after it.</summary>
    /// <exception cref="InvalidOperationException">Something that was added had no canonical form.</exception>
    public OutputDigest Finish()
    {
        RequireWhole();
        _finished = true;
        var manifest = new ArrayBufferWriter<byte>();
        Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{OutputDigest.Form}\nchoices {_choices.Count}\n"),
            manifest
        );
        foreach ((int index, ChoiceOutput choice) in _choices)
        {
            choice.End();
            choice.WriteManifest(index, manifest);
        }
        return new OutputDigest(
            Sha256Value.Of(manifest.WrittenSpan),
            manifest.WrittenMemory,
            _choices.Count,
            Finished: Completeness.Missing is null,
            _logprobs || _choices.Values.Any(choice => choice.Logprobs is not null) ? LogprobsDigest() : null
        )
        {
            Extras = _choices.Values.Any(choice => choice.Extras is not null) ? ExtrasDigest() : null,
            Model = _model,
            Usage = _usage,
        };
    }

    /// <summary>Releases the hashes.</summary>
    public void Dispose()
    {
        foreach (ChoiceOutput choice in _choices.Values)
            choice.Dispose();
    }

    /// <summary>The texts, in the order of the manifest.</summary>
    internal IEnumerable<ChannelText> Texts() =>
        _choices.SelectMany(choice =>
            choice.Value.Channels().Select(channel => new ChannelText(choice.Key, channel.Name, channel.Channel.Text))
        );

    private void Begin(AnswerDelivery delivery)
    {
        RequireWhole();
        if (_delivery == AnswerDelivery.Json || (_delivery is not null && delivery == AnswerDelivery.Json))
            throw new InvalidOperationException("A JSON answer is whole: nothing can be added before or after it.");
        if (_finished)
            throw new InvalidOperationException("The output is finished.");
        _delivery = delivery;
        _broken = true;
    }

    private void Add(scoped in AnswerReading answer)
    {
        answer.RequireCanonical();
        Completeness.Append(answer);
        ChoiceOutput? choice = null;
        bool hasExtras = false;
        for (int i = 0; i < answer.Parts.Length; i++)
        {
            ref readonly AnswerPart part = ref answer.Parts[i];
            switch (part.Kind)
            {
                case AnswerPartKind.Choice:
                    choice = Choice(part.Choice);
                    RequireRoom(answer, part);
                    break;
                case AnswerPartKind.Tool:
                    if (!choice!.HasTool(part.Tool))
                        _choicesAndCalls++;
                    RequireRoom(answer, part);
                    choice.Tool(part.Tool).AddKind(part);
                    break;
                case >= AnswerPartKind.Text and <= AnswerPartKind.Finish:
                case AnswerPartKind.Role when !answer.ValueIs(part, ""u8) && !answer.ValueIs(part, "assistant"u8):
                    choice!.Begin(part).Append(answer.String(part));
                    break;
                case >= AnswerPartKind.ChoiceExtra and <= AnswerPartKind.ToolExtra:
                    choice!.BeginExtras().Append(i);
                    hasExtras = true;
                    break;
                case AnswerPartKind.Model when _model is null && !answer.ValueIs(part, ""u8):
                    _model = JsonStrings.Decode(answer.String(part));
                    break;
                case AnswerPartKind.PromptTokens:
                    _usage = (_usage ?? new AnswerUsage()) with { Prompt = answer.Number(part) };
                    break;
                case AnswerPartKind.CompletionTokens:
                    _usage = (_usage ?? new AnswerUsage()) with { Completion = answer.Number(part) };
                    break;
                case AnswerPartKind.TotalTokens:
                    _usage = (_usage ?? new AnswerUsage()) with { Total = answer.Number(part) };
                    break;
            }
        }
        if (hasExtras)
        {
            foreach (ChoiceOutput of in _choices.Values)
                of.Extras?.EndReading(answer);
        }
        AddLogprobs(answer);
        _broken = false;
    }

    private void AddLogprobs(scoped in AnswerReading answer)
    {
        foreach (ref readonly ScoredToken token in answer.Scores)
        {
            _scratch.ResetWrittenCount();
            LogprobsHash.Write(answer, token, _scratch);
            LogprobsHash hash = Choice(token.Choice).BeginLogprobs();
            if (!token.IsRefusal)
                hash.Append(_scratch.WrittenSpan);
            else if (!hash.TryAppendRefusal(_scratch.WrittenSpan))
                throw new CanonicalFormException(
                    CanonicalFormError.WrongType,
                    "Too many log-probabilities of a refusal",
                    answer.Json,
                    token.Token.Start.Value
                );
        }
    }

    private ChoiceOutput Choice(int index)
    {
        if (_choices.TryGetValue(index, out ChoiceOutput? choice))
            return choice;
        choice = new ChoiceOutput(_keepsText);
        _choicesAndCalls++;
        if (_logprobs)
            choice.BeginLogprobs();
        _choices.Add(index, choice);
        return choice;
    }

    private void RequireRoom(scoped in AnswerReading answer, in AnswerPart part)
    {
        if (_choicesAndCalls > MostChoicesAndCalls)
            throw new CanonicalFormException(
                CanonicalFormError.WrongType,
                $"More than {MostChoicesAndCalls} choices and tool calls",
                answer.Json,
                part.Start
            );
    }

    private void RequireWhole()
    {
        if (_broken)
            throw new InvalidOperationException("A part of the answer had no canonical form, so the answer has none.");
    }

    private Sha256Value LogprobsDigest()
    {
        var lines = new StringBuilder("dis-logprobs/2\n");
        foreach ((int index, ChoiceOutput choice) in _choices)
        {
            (long length, Sha256Value hash) = choice.BeginLogprobs().Finish();
            lines.Append(CultureInfo.InvariantCulture, $"{index} {length} {hash}\n");
        }
        return Sha256Value.Of(Encoding.ASCII.GetBytes(lines.ToString()));
    }

    private Sha256Value ExtrasDigest()
    {
        var lines = new StringBuilder("dis-extras/1\n");
        foreach ((int index, ChoiceOutput choice) in _choices)
        {
            if (choice.Extras?.Current() is (long length, { } hash))
                lines.Append(CultureInfo.InvariantCulture, $"{index} {length} {hash}\n");
        }
        return Sha256Value.Of(Encoding.ASCII.GetBytes(lines.ToString()));
    }
}
