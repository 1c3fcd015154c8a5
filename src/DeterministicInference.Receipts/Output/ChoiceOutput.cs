using System.Buffers;
using System.Globalization;
using System.Text.Unicode;
using DeterministicInference.Receipts.Answers;

namespace DeterministicInference.Receipts.Output;

/// <summary>The channels of one choice.</summary>
internal sealed class ChoiceOutput(bool keepsText) : IDisposable
{
    /// <summary>
    /// Of the channels that a choice has once, in the order of the manifest and of the kinds of parts.
    /// </summary>
    public static readonly string[] Names =
    [
        "text",
        "content",
        "reasoning",
        "refusal",
        "call.name",
        "call.arguments",
        "role",
    ];

    private const int Role = 6;

    /// <summary>More than two numbers, a name and a hash have.</summary>
    private const int MostLineBytes = 256;

    private readonly ChannelHash?[] _channels = new ChannelHash?[Names.Length];
    private readonly SortedDictionary<int, ToolOutput> _tools = [];
    private readonly ChannelHash _finish = new(keepsText);

    /// <summary>Null for a choice without any.</summary>
    public LogprobsHash? Logprobs { get; private set; }

    /// <summary>What other members the choice has; null for none.</summary>
    public ExtrasHash? Extras { get; private set; }

    public LogprobsHash BeginLogprobs() => Logprobs ??= new LogprobsHash();

    public ExtrasHash BeginExtras() => Extras ??= new ExtrasHash();

    /// <summary>The channel to which a fragment belongs. The last finish reason is the whole of its channel.</summary>
    public ChannelHash Begin(in AnswerPart fragment)
    {
        switch (fragment.Kind)
        {
            case AnswerPartKind.Finish:
                _finish.Clear();
                return _finish;
            case AnswerPartKind.Role:
                ChannelHash role = _channels[Role] ??= new ChannelHash(keepsText);
                role.Clear();
                return role;
            case AnswerPartKind.ToolName:
                return Tool(fragment.Tool).Name;
            case AnswerPartKind.ToolArguments:
                return Tool(fragment.Tool).Arguments;
            case AnswerPartKind.ToolInput:
                return Tool(fragment.Tool).Input;
            default:
                return _channels[fragment.Kind - AnswerPartKind.Text] ??= new ChannelHash(keepsText);
        }
    }

    public bool HasTool(int index) => _tools.ContainsKey(index);

    /// <summary>A tool call is there, even if nothing of it is.</summary>
    public ToolOutput Tool(int index)
    {
        if (!_tools.TryGetValue(index, out ToolOutput? tool))
            _tools.Add(index, tool = new ToolOutput(keepsText));
        return tool;
    }

    /// <summary>No more will come.</summary>
    public void End()
    {
        foreach (ChannelHash? channel in _channels)
            channel?.End();
        foreach (ToolOutput tool in _tools.Values)
            tool.End();
        _finish.End();
    }

    public void WriteManifest(int index, IBufferWriter<byte> manifest)
    {
        foreach ((string name, ChannelHash channel) in Channels())
        {
            (long length, Sha256Value hash) = channel.Current();
            // There may be a hundred thousand of them: none takes memory of its own.
            Utf8.TryWrite(
                manifest.GetSpan(MostLineBytes),
                CultureInfo.InvariantCulture,
                $"{index} {name} {length} {hash}\n",
                out int written
            );
            manifest.Advance(written);
        }
    }

    /// <summary>The channels that have text, in the order of the manifest.</summary>
    public IEnumerable<(string Name, ChannelHash Channel)> Channels()
    {
        for (int i = 0; i < Names.Length; i++)
        {
            if (_channels[i] is { Length: > 0 } channel)
                yield return (Names[i], channel);
        }
        foreach ((int number, ToolOutput tool) in _tools)
        {
            // Also where it is empty: the call is there.
            yield return (ToolName(number, "type"), tool.Type);
            if (tool.Name.Length > 0)
                yield return (ToolName(number, "name"), tool.Name);
            if (tool.Arguments.Length > 0)
                yield return (ToolName(number, "arguments"), tool.Arguments);
            if (tool.Input.Length > 0)
                yield return (ToolName(number, "input"), tool.Input);
        }
        if (_finish.Length > 0)
            yield return ("finish", _finish);
    }

    public void Dispose()
    {
        foreach (ChannelHash? channel in _channels)
            channel?.Dispose();
        foreach (ToolOutput tool in _tools.Values)
            tool.Dispose();
        _finish.Dispose();
        Logprobs?.Dispose();
        Extras?.Dispose();
    }

    private static string ToolName(int number, string part) =>
        string.Create(CultureInfo.InvariantCulture, $"tool.{number}.{part}");
}

/// <summary>The channels of one tool call.</summary>
internal sealed class ToolOutput(bool keepsText) : IDisposable
{
    /// <summary><c>function</c>, <c>custom</c>, or empty for a call that says neither.</summary>
    public ChannelHash Type { get; } = new(keepsText);

    public ChannelHash Name { get; } = new(keepsText);

    public ChannelHash Arguments { get; } = new(keepsText);

    /// <summary>Of a custom tool.</summary>
    public ChannelHash Input { get; } = new(keepsText);

    /// <summary>The call is of the kind that an element says it is; several of them agree.</summary>
    public void AddKind(in AnswerPart element)
    {
        if (Type.Length > 0)
            return;
        if (element.Is(AnswerPartTraits.IsFunction))
            Type.AppendUtf8("function"u8);
        else if (element.Is(AnswerPartTraits.IsCustom))
            Type.AppendUtf8("custom"u8);
    }

    public void End()
    {
        Name.End();
        Arguments.End();
        Input.End();
    }

    public void Dispose()
    {
        Type.Dispose();
        Name.Dispose();
        Arguments.Dispose();
        Input.Dispose();
    }
}
