namespace DeterministicInference.Receipts.Output;

/// <summary>The channels of one tool call.</summary>
internal sealed class ToolOutput : IDisposable
{
    public ChannelHash Name { get; } = new();

    public ChannelHash Arguments { get; } = new();

    /// <summary>Of a custom tool.</summary>
    public ChannelHash Input { get; } = new();

    public void Dispose()
    {
        Name.Dispose();
        Arguments.Dispose();
        Input.Dispose();
    }
}
