using System.Reflection;

namespace DeterministicInference.Server;

/// <summary>The version of this program.</summary>
internal static class ProductVersion
{
    /// <summary>Digits of a commit that Git shows as a short name.</summary>
    private const int ShortCommit = 9;

    /// <summary>The release, and the commit that it was built from if that is known: <c>0.1.0+080bf675d</c>.</summary>
    public static string Text { get; } =
        Short(
            typeof(ProductVersion)
                .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
                .InformationalVersion
        );

    private static string Short(string version) =>
        version.IndexOf('+', StringComparison.Ordinal) is var plus and >= 0
            ? version[..Math.Min(version.Length, plus + 1 + ShortCommit)]
            : version;
}
