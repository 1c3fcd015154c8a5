namespace DeterministicInference.ModelTools.Data;

/// <summary>The two disjoint sets of questions.</summary>
internal enum Pool
{
    Training,
    HeldOut,
}
