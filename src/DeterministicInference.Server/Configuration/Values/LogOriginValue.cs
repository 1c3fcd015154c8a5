using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Configuration.Values;

/// <summary>The name of a log, as its checkpoints contain it.</summary>
internal sealed class LogOriginValue : ValueKind<string>
{
    public override string Placeholder => "NAME";

    public override string? Read(string text, out string value)
    {
        value = text.Trim();
        return LogOrigin.IsName(value)
            ? null
            : $"is not a valid log name. Give at most {LogOrigin.MaxNameLength} visible ASCII characters without '+', "
                + "such as log.example/a.";
    }

    public override string Write(string value) => value;
}
