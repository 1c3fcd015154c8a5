namespace DeterministicInference.Engine.Model;

/// <summary>
/// A model folder that can't be used. The message is one line for the person who started the program: what is wrong,
/// in which file, and what to do about it.
/// </summary>
public sealed class ModelLoadException : Exception
{
    public ModelLoadException(string message)
        : base(OneLine(message)) { }

    public ModelLoadException(string message, Exception innerException)
        : base(OneLine(message), innerException) { }

    /// <summary>Names from a damaged file may contain anything.</summary>
    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
