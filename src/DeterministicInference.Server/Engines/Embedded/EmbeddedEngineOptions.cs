using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>Settings of the <c>engine</c> command.</summary>
internal sealed record EmbeddedEngineOptions
{
    /// <summary>Folder of the model; null for the bundled one.</summary>
    public string? ModelPath { get; init; }

    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 picks a free one.</summary>
    public int Port { get; init; } = 30000;

    /// <summary>Unix socket to listen on instead of host and port; null for none.</summary>
    public string? SocketPath { get; init; }

    /// <summary>The model's name in <c>/v1/models</c>; null for the folder's name.</summary>
    public string? ServedModelName { get; init; }

    /// <summary>Seed of requests that have none.</summary>
    public long Seed { get; init; } = 42;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The registers that compute.</summary>
    public InstructionSet Instructions { get; init; }

    /// <summary>Choices computed at the same time.</summary>
    public int MaxSequences { get; init; } = 128;

    /// <summary>Prompt tokens per step.</summary>
    public int PrefillChunk { get; init; } = 128;

    /// <summary>Memory for keys and values, MiB.</summary>
    public int CacheMebibytes { get; init; } = 4096;

    /// <summary>
    /// Time after which a step counts as stuck; a chunk of a prompt takes a few seconds on a large model.
    /// </summary>
    public TimeSpan LongestStep { get; init; } = TimeSpan.FromSeconds(60);

    public long MaxRequestBytes { get; init; } = 32 << 20;

    /// <summary>Whether each request is a line of the log.</summary>
    public bool AccessLog { get; init; } = true;

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>The effective folder: <see cref="ModelPath"/>, or the bundled model's.</summary>
    public string ModelFolder =>
        ModelPath ?? Path.Combine(AppContext.BaseDirectory, "models", ServeOptions.BundledModel);
}
