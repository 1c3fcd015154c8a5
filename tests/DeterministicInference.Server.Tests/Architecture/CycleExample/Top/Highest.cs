using DeterministicInference.Server.Tests.Architecture.CycleExample.Middle;

namespace DeterministicInference.Server.Tests.Architecture.CycleExample.Top;

/// <summary>A part of a cycle that <see cref="FolderCycleTests"/> must find.</summary>
internal sealed class Highest
{
    public Between? Uses { get; init; }
}
