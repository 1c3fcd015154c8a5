namespace DeterministicInference.ModelTools.Model;

/// <summary>What a weight tensor does, as far as its initial values and its weight decay depend on it.</summary>
internal enum LlamaTensorRole
{
    /// <summary>The token table; also the head when embeddings are tied.</summary>
    Embedding,

    /// <summary>The gain of an RMSNorm.</summary>
    Norm,

    /// <summary>A projection out of the residual stream, or an untied head.</summary>
    Projection,

    /// <summary>A projection back into the residual stream.</summary>
    OutputProjection,
}
