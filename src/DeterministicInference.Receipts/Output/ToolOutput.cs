namespace DeterministicInference.Receipts.Output;

/// <summary>The channels of one tool call.</summary>
internal sealed class ToolOutput(bool keepsText) : IDisposable
{
    public ChannelHash Name { get; } = new(keepsText);

    public ChannelHash Arguments { get; } = new(keepsText);

    /// <summary>Of a custom tool.</summary>
    public ChannelHash Input { get; } = new(keepsText);

    public void Dispose()
    {
        Name.Dispose();
        Arguments.Dispose();
        Input.Dispose();
    }
}
