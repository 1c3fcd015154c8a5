using System.Globalization;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// Computes <c>dis-out/1</c> while an answer passes by. The same choices give the same digest whether they come as one JSON
/// answer or as events, cut in any places and interleaved in any way. It holds hashes, never text: its memory
/// grows with the number of channels, not with their length. For one caller at a time.
/// </summary>
public sealed class OutputHasher : IDisposable
{
    /// <summary>Most levels of objects and arrays in an answer or an event.</summary>
    public const int MaxDepth = 128;

    private readonly SortedDictionary<int, ChoiceOutput> choices = [];
    private readonly bool logprobs, keepsText;
    private AnswerDelivery? delivery;
    private bool errorReported;
    private bool broken;
    private bool finished;

    /// <summary>Starts with nothing.</summary>
    /// <param name="logprobs">Also compute <c>dis-logprobs/1</c>: the client asked for log-probabilities.</param>
    public OutputHasher(bool logprobs = false) => this.logprobs = logprobs;

    /// <param name="logprobs">Also compute <c>dis-logprobs/1</c>.</param>
    /// <param name="keepsText">Also keep the texts, for <see cref="Texts"/>.</param>
    internal OutputHasher(bool logprobs, bool keepsText) => (this.logprobs, this.keepsText) = (logprobs, keepsText);

    /// <summary>Adds a whole JSON answer. It may be called once, and not together with <see cref="AppendEvent"/>.</summary>
    /// <param name="json">The body, after content decoding.</param>
    /// <exception cref="CanonicalFormException">The answer has no canonical form. The hasher is of no use any more.</exception>
    /// <exception cref="InvalidOperationException">Something was added before.</exception>
    public void AppendAnswer(ReadOnlySpan<byte> json)
    {
        if (delivery is not null) throw new InvalidOperationException("A JSON answer is whole: nothing can be added before or after it.");
        Append(json, AnswerDelivery.Json);
    }

    /// <summary>Adds one event of a stream, but not the final <c>[DONE]</c>.</summary>
    /// <param name="json">The event's data.</param>
    /// <exception cref="CanonicalFormException">The event has no canonical form. The hasher is of no use any more.</exception>
    /// <exception cref="InvalidOperationException">A JSON answer was added before.</exception>
    public void AppendEvent(ReadOnlySpan<byte> json)
    {
        if (delivery == AnswerDelivery.Json) throw new InvalidOperationException("A JSON answer is whole: nothing can be added before or after it.");
        Append(json, AnswerDelivery.Sse);
    }

    /// <summary>Adds all events of a recorded stream up to <c>[DONE]</c>.</summary>
    /// <param name="body">The stream, after content decoding.</param>
    /// <returns>True if there was a <c>[DONE]</c>.</returns>
    /// <inheritdoc cref="AppendEvent"/>
    public bool AppendStream(ReadOnlySpan<byte> body)
    {
        var events = new EventStream(body);
        while (events.Next(out ReadOnlySpan<byte> data))
        {
            if (data.SequenceEqual("[DONE]"u8)) return true;
            AppendEvent(data);
        }
        return false;
    }

    /// <summary>The canonical output of all that was added. Nothing can be added after it.</summary>
    /// <exception cref="InvalidOperationException">Something that was added had no canonical form.</exception>
    public OutputDigest Finish()
    {
        RequireWhole();
        finished = true;
        var manifest = new StringBuilder();
        manifest.Append(CultureInfo.InvariantCulture, $"{OutputDigest.Form}\nchoices {choices.Count}\n");
        foreach ((int index, ChoiceOutput choice) in choices) choice.WriteManifest(index, manifest);
        string text = manifest.ToString();
        return new OutputDigest(
            Sha256Value.Of(Encoding.ASCII.GetBytes(text)),
            text,
            choices.Count,
            Finished: choices.Count > 0 && choices.Keys.Max() == choices.Count - 1 && choices.Values.All(choice => choice.Finished) && !errorReported,
            logprobs ? LogprobsDigest() : null);
    }

    /// <summary>Releases the hashes.</summary>
    public void Dispose()
    {
        foreach (ChoiceOutput choice in choices.Values) choice.Dispose();
    }

    /// <summary>The texts, in the order of the manifest.</summary>
    internal IEnumerable<ChannelText> Texts() =>
        choices.SelectMany(choice => choice.Value.Channels().Select(channel => new ChannelText(choice.Key, channel.Name, channel.Channel.Text)));

    internal ChoiceOutput Choice(int index)
    {
        if (choices.TryGetValue(index, out ChoiceOutput? choice)) return choice;
        choice = new ChoiceOutput(keepsText) { Logprobs = logprobs ? new LogprobsHash() : null };
        choices.Add(index, choice);
        return choice;
    }

    internal void ReportError() => errorReported = true;

    private void Append(ReadOnlySpan<byte> json, AnswerDelivery kind)
    {
        RequireWhole();
        if (finished) throw new InvalidOperationException("The output is finished.");
        delivery = kind;
        broken = true;
        json = CanonicalJson.WithoutMark(json);
        CanonicalJson.RequireUtf8(json);
        try
        {
            new AnswerReader(json, kind, this).Read();
        }
        catch (Exception e) when (e is JsonException or CanonicalFormException)
        {
            // That it is no JSON comes first, and where.
            CanonicalJson.RequireValid(json, MaxDepth);
            throw;
        }
        broken = false;
    }

    private void RequireWhole()
    {
        if (broken) throw new InvalidOperationException("A part of the answer had no canonical form, so the answer has none.");
    }

    private Sha256Value LogprobsDigest()
    {
        var lines = new StringBuilder("dis-logprobs/1\n");
        foreach ((int index, ChoiceOutput choice) in choices)
        {
            (long length, Sha256Value hash) = choice.Logprobs!.Finish();
            lines.Append(CultureInfo.InvariantCulture, $"{index} {length} {hash}\n");
        }
        return Sha256Value.Of(Encoding.ASCII.GetBytes(lines.ToString()));
    }
}
