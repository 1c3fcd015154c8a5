namespace DeterministicInference.Server.Configuration;

/// <summary>Where a value came from.</summary>
/// <param name="Kind">The kind of source.</param>
/// <param name="Name">The flag or variable as it was written, or the path of the file.</param>
internal sealed record Origin(OriginKind Kind, string Name)
{
    public static readonly Origin Default = new(OriginKind.Default, "");

    public override string ToString() =>
        Kind switch
        {
            OriginKind.Default => "default",
            OriginKind.File => $"file {Name}",
            OriginKind.Variable => $"variable {Name}",
            _ => $"flag {Name}",
        };
}
