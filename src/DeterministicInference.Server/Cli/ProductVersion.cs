using System.Reflection;

namespace DeterministicInference.Server.Cli;

/// <summary>The version of this program.</summary>
internal static class ProductVersion
{
    /// <summary>The release, and the commit that it was built from where that is known: <c>0.1.0+0123abc…</c>.</summary>
    public static string Text { get; } =
        typeof(ProductVersion)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion;
}
