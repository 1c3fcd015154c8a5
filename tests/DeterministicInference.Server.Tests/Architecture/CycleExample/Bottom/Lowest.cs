using DeterministicInference.Server.Tests.Architecture.CycleExample.Top;

namespace DeterministicInference.Server.Tests.Architecture.CycleExample.Bottom;

/// <summary>A part of a cycle that <see cref="FolderCycleTests"/> must find.</summary>
internal sealed class Lowest
{
    public Highest? Uses { get; init; }
}
