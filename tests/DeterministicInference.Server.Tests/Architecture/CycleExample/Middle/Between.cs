using DeterministicInference.Server.Tests.Architecture.CycleExample.Bottom;

namespace DeterministicInference.Server.Tests.Architecture.CycleExample.Middle;

/// <summary>A part of a cycle that <see cref="FolderCycleTests"/> must find.</summary>
internal sealed class Between
{
    public Lowest? Uses { get; init; }
}
