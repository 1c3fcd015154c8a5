using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Output;

/// <summary>The channels of one choice.</summary>
internal sealed class ChoiceOutput(bool keepsText) : IDisposable
{
    private static readonly string[] Names = ["text", "content", "reasoning", "refusal", "call.name", "call.arguments"];

    private readonly ChannelHash?[] channels = new ChannelHash?[Names.Length];
    private readonly SortedDictionary<int, ToolOutput> tools = [];
    private readonly ChannelHash finish = new(keepsText);

    public LogprobsHash? Logprobs { get; set; }

    /// <summary>The last finish reason is one of an answer that came to its end.</summary>
    public bool Finished { get; set; }

    public ChannelHash Finish => finish;

    public ChannelHash this[Channel channel] => channels[(int)channel] ??= new ChannelHash(keepsText);

    public ToolOutput Tool(int index)
    {
        if (!tools.TryGetValue(index, out ToolOutput? tool)) tools.Add(index, tool = new ToolOutput(keepsText));
        return tool;
    }

    public void WriteManifest(int index, StringBuilder manifest)
    {
        foreach ((string name, ChannelHash channel) in Channels())
        {
            (long length, Sha256Value hash) = channel.Current();
            manifest.Append(CultureInfo.InvariantCulture, $"{index} {name} {length} {hash}\n");
        }
    }

    /// <summary>The channels that have text, in the order of the manifest.</summary>
    public IEnumerable<(string Name, ChannelHash Channel)> Channels()
    {
        for (int i = 0; i < Names.Length; i++)
        {
            if (channels[i] is { Length: > 0 } channel) yield return (Names[i], channel);
        }
        int number = 0;
        foreach (ToolOutput tool in tools.Values)
        {
            if (tool.Name.Length > 0) yield return (ToolName(number, "name"), tool.Name);
            if (tool.Arguments.Length > 0) yield return (ToolName(number, "arguments"), tool.Arguments);
            if (tool.Input.Length > 0) yield return (ToolName(number, "input"), tool.Input);
            number++;
        }
        if (finish.Length > 0) yield return ("finish", finish);
    }

    public void Dispose()
    {
        foreach (ChannelHash? channel in channels) channel?.Dispose();
        foreach (ToolOutput tool in tools.Values) tool.Dispose();
        finish.Dispose();
        Logprobs?.Dispose();
    }

    private static string ToolName(int number, string part) => string.Create(CultureInfo.InvariantCulture, $"tool.{number}.{part}");
}
