using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Output;

/// <summary>The channels of one choice.</summary>
internal sealed class ChoiceOutput : IDisposable
{
    private static readonly string[] Names = ["text", "content", "reasoning", "refusal", "call.name", "call.arguments"];

    private readonly ChannelHash?[] channels = new ChannelHash?[Names.Length];
    private readonly SortedDictionary<int, ToolOutput> tools = [];
    private readonly ChannelHash finish = new();

    public LogprobsHash? Logprobs { get; set; }

    /// <summary>The last finish reason is one of an answer that came to its end.</summary>
    public bool Finished { get; set; }

    public ChannelHash Finish => finish;

    public ChannelHash this[Channel channel] => channels[(int)channel] ??= new ChannelHash();

    public ToolOutput Tool(int index)
    {
        if (!tools.TryGetValue(index, out ToolOutput? tool)) tools.Add(index, tool = new ToolOutput());
        return tool;
    }

    public void WriteManifest(int index, StringBuilder manifest)
    {
        for (int i = 0; i < Names.Length; i++) WriteLine(index, Names[i], channels[i], manifest);
        int number = 0;
        foreach (ToolOutput tool in tools.Values)
        {
            WriteLine(index, ToolName(number, "name"), tool.Name, manifest);
            WriteLine(index, ToolName(number, "arguments"), tool.Arguments, manifest);
            WriteLine(index, ToolName(number, "input"), tool.Input, manifest);
            number++;
        }
        WriteLine(index, "finish", finish, manifest);
    }

    public void Dispose()
    {
        foreach (ChannelHash? channel in channels) channel?.Dispose();
        foreach (ToolOutput tool in tools.Values) tool.Dispose();
        finish.Dispose();
        Logprobs?.Dispose();
    }

    private static string ToolName(int number, string part) => string.Create(CultureInfo.InvariantCulture, $"tool.{number}.{part}");

    private static void WriteLine(int index, string name, ChannelHash? channel, StringBuilder manifest)
    {
        if (channel is null || channel.Length == 0) return;
        (long length, Sha256Value hash) = channel.Current();
        manifest.Append(CultureInfo.InvariantCulture, $"{index} {name} {length} {hash}\n");
    }
}
