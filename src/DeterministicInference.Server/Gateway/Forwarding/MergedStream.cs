using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// The stream that answers several prompts, made of the streams to each as their events come: choices are numbered
/// through, usage is summed in one event before the end, and there is one end.
/// </summary>
/// <param name="output">Receives the events.</param>
/// <param name="count">Number of prompts.</param>
/// <param name="choicesPerPrompt">The request's <c>n</c>.</param>
internal sealed class MergedStream(PipeWriter output, int count, int choicesPerPrompt) : IDisposable
{
    private static readonly ReadOnlyMemory<byte> Null = "null"u8.ToArray(),
        NoChoices = "[]"u8.ToArray();

    /// <summary>One event is written at a time.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    private readonly JsonElement?[] _usages = new JsonElement?[count];
    private readonly bool[] _haveChoices = new bool[count];

    /// <summary>The last event with usage.</summary>
    private AnswerPieces? _counted;

    /// <summary>When the first event says that the answer was created; empty until there was one.</summary>
    private ReadOnlyMemory<byte> _created;

    /// <summary>Adds the data of an event.</summary>
    /// <param name="prompt">The prompt to which it belongs.</param>
    /// <param name="data">Not the end; valid during the call.</param>
    /// <param name="cancellation">Ends the wait for the reader.</param>
    public async ValueTask AddAsync(int prompt, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            Write(prompt, data.ToArray());
            FlushResult flushed = await output.FlushAsync(cancellation);
            if (flushed.IsCompleted)
                throw new OperationCanceledException("The stream is not read any more.");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <exception cref="OpenAIException">502: the prompt's stream, which has ended, had no choice.</exception>
    public void RequireChoice(int prompt)
    {
        if (!_haveChoices[prompt])
            throw GatewayErrors.BadAnswer("its stream to a prompt ended before the first choice.");
    }

    /// <summary>Adds the event with usage, if there was one, and the end.</summary>
    public async ValueTask EndAsync(CancellationToken cancellation)
    {
        if (_counted is { } last)
        {
            ReadOnlyMemory<byte> usage = AnswerPieces.Sum([.. _usages.OfType<JsonElement>()]);
            WriteEvent(
                last,
                (name, value) =>
                    name switch
                    {
                        "choices" => NoChoices,
                        "usage" => usage,
                        "created" => _created,
                        "id" or "object" or "model" or "system_fingerprint" => value,
                        _ => default,
                    }
            );
        }
        output.Write("data: [DONE]\n\n"u8);
        await output.FlushAsync(cancellation);
    }

    public void Dispose() => _turn.Dispose();

    private void Write(int prompt, ReadOnlyMemory<byte> data)
    {
        // The reader refuses what is no event, and reports what is an error.
        if (AnswerPieces.Of(data) is not { IsError: false } pieces)
        {
            WriteEvent(data);
            return;
        }
        if (_created.IsEmpty)
            _created = pieces.Value("created"u8);
        if (pieces.Usage is { } usage)
        {
            _usages[prompt] = usage;
            _counted = pieces;
            // Its usage is of one prompt, and comes with that of the others.
            if (!pieces.HasChoices)
                return;
        }
        _haveChoices[prompt] |= pieces.HasChoices;
        WriteEvent(
            pieces,
            (name, value) =>
                name switch
                {
                    "choices" => Choices(pieces, prompt * choicesPerPrompt),
                    "usage" => Null,
                    "created" => _created,
                    "timings" => default,
                    _ => value,
                }
        );
    }

    private static ReadOnlyMemory<byte> Choices(AnswerPieces pieces, int first)
    {
        var choices = new ArrayBufferWriter<byte>();
        choices.Write("["u8);
        pieces.WriteChoices(choices, first);
        choices.Write("]"u8);
        return choices.WrittenMemory;
    }

    private void WriteEvent(AnswerPieces pieces, Func<string, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> replace)
    {
        var data = new ArrayBufferWriter<byte>();
        pieces.Write(data, replace);
        WriteEvent(data.WrittenMemory);
    }

    private void WriteEvent(ReadOnlyMemory<byte> data)
    {
        output.Write("data: "u8);
        // JSON has line ends only where it has white space.
        ReadOnlySpan<byte> rest = data.Span;
        for (int end; (end = rest.IndexOfAny((byte)'\n', (byte)'\r')) >= 0; rest = rest[(end + 1)..])
        {
            output.Write(rest[..end]);
            output.Write(" "u8);
        }
        output.Write(rest);
        output.Write("\n\n"u8);
    }
}
