namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Which part of a matrix product A·B has to be computed. Limits are taken per group of eight rows, so the result is
/// the same whatever tile computes it.
/// </summary>
internal enum ProductRegion
{
    /// <summary>Everything.</summary>
    All,

    /// <summary>Outputs on and below the diagonal (and the rest of the panels that touch it).</summary>
    LowerOutput,

    /// <summary>A is zero above its diagonal.</summary>
    LowerLeft,

    /// <summary>A is zero below its diagonal.</summary>
    UpperLeft,
}
