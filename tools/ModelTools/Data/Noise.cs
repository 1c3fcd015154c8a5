namespace DeterministicInference.ModelTools.Data;

/// <summary>How much the typed look of a user turn may differ from the wording.</summary>
internal enum Noise
{
    /// <summary>Lower case and missing end marks.</summary>
    CasingOnly,

    /// <summary>Typing mistakes as well.</summary>
    Typos,

    /// <summary>Also texts in capitals. Only for questions whose answer does not copy from them.</summary>
    All,
}
