namespace DeterministicInference.Server.Configuration.Values;

/// <summary>
/// A path. A beginning ~ is this user's home: a shell writes it out only at the beginning of a word, and neither after
/// an equals sign nor in a file.
/// </summary>
internal sealed class PathValue(string placeholder) : TextValue(placeholder)
{
    public override string? Read(string text, out string value)
    {
        if (base.Read(text, out value) is { } complaint)
            return complaint;
        if (!text.StartsWith('~'))
            return null;
        if (text.Length > 1 && text[1] != '/')
            return "begins with ~ and a name. Give the whole path.";
        if (Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is not { Length: > 0 } home)
            return "begins with ~, and this user has no home. Give the whole path.";
        value = home + text[1..];
        return null;
    }
}
