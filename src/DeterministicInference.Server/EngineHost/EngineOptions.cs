namespace DeterministicInference.Server.EngineHost;

/// <summary>Settings of the <c>engine</c> command.</summary>
internal sealed record EngineOptions
{
    /// <summary>Folder of the model; null is the bundled one.</summary>
    public string? ModelPath { get; init; }

    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0 takes a free port.</summary>
    public int Port { get; init; } = 30000;

    /// <summary>What <c>/v1/models</c> lists; null is the folder's name.</summary>
    public string? ServedModelName { get; init; }

    /// <summary>Used by requests that have none.</summary>
    public long Seed { get; init; } = 42;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Choices computed side by side.</summary>
    public int MaxSequences { get; init; } = 128;

    /// <summary>Prompt tokens per step.</summary>
    public int PrefillChunk { get; init; } = 128;

    /// <summary>Memory for keys and values, MiB.</summary>
    public int CacheMebibytes { get; init; } = 4096;

    /// <summary>A step that takes longer means that the engine is stuck: a prompt's piece on a large model takes a few seconds.</summary>
    public TimeSpan LongestStep { get; init; } = TimeSpan.FromSeconds(60);

    public long MaxRequestBytes { get; init; } = 32 << 20;

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>The folder that is used: <see cref="ModelPath"/>, or the model beside the program.</summary>
    public string ModelFolder => ModelPath ?? Path.Combine(AppContext.BaseDirectory, "models", BundledModel);

    /// <summary>Folder name, and so served name, of the model that comes with the program.</summary>
    public const string BundledModel = "demo-chat-1m";
}
