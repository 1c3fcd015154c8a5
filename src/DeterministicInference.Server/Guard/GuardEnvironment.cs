using System.Runtime.InteropServices;
using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// Passes the environment from the server through the guards to the engine, as bytes: what is not UTF-8 arrives
/// unchanged. The guards run with runtime settings of their own, and the engine gets the settings from before.
/// </summary>
internal static unsafe class GuardEnvironment
{
    /// <summary>Variable with the random tag that identifies the engine's processes.</summary>
    public const string TagName = "INFERENCE_GUARD_TAG";

    private const string SavedPrefix = "INFERENCE_GUARD_SAVED_";

    /// <summary>
    /// Keep a guard small: one heap, no diagnostics socket (its file would outlive a killed guard), no agents
    /// (https://learn.microsoft.com/dotnet/core/runtime-config).
    /// </summary>
    private static readonly (string Name, string Value)[] GuardOnly =
    [
        ("DOTNET_gcServer", "0"),
        ("DOTNET_EnableDiagnostics", "0"),
        ("DOTNET_TieredPGO", "0"),
        ("DOTNET_STARTUP_HOOKS", ""),
    ];

    /// <summary>The environment with which the server starts a guard.</summary>
    /// <param name="changes">The engine's variables on top of the server's own.</param>
    /// <param name="unset">The server's variables that the engine must not see.</param>
    /// <param name="tag">The value of <see cref="TagName"/>.</param>
    public static NativeStrings ForGuard(
        IReadOnlyDictionary<string, string> changes,
        IReadOnlyList<string> unset,
        string tag
    )
    {
        var environment = new NativeStrings();
        var set = new Dictionary<string, string>(changes, StringComparer.Ordinal) { [TagName] = tag };
        for (byte** entry = Inherited; *entry != null; entry++)
        {
            string name = NameOf(*entry);
            if (set.ContainsKey(name) || unset.Contains(name) || name.StartsWith(SavedPrefix, StringComparison.Ordinal))
                continue;
            if (IsGuardOnly(name))
                environment.Add(
                    SavedPrefix + Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(*entry))
                );
            else
                environment.Add(*entry);
        }
        foreach ((string name, string value) in set)
            environment.Add((IsGuardOnly(name) ? SavedPrefix : "") + $"{name}={value}");
        foreach ((string name, string value) in GuardOnly)
            environment.Add($"{name}={value}");
        return environment;
    }

    /// <summary>
    /// The environment with which a guard starts the engine: its own, with the saved settings restored.
    /// </summary>
    public static NativeStrings ForEngine()
    {
        var environment = new NativeStrings();
        for (byte** entry = Inherited; *entry != null; entry++)
        {
            string name = NameOf(*entry);
            if (IsGuardOnly(name))
                continue;
            environment.Add(*entry + (name.StartsWith(SavedPrefix, StringComparison.Ordinal) ? SavedPrefix.Length : 0));
        }
        return environment;
    }

    /// <summary>The environment with which a guard starts another guard.</summary>
    public static NativeStrings Unchanged()
    {
        var environment = new NativeStrings();
        for (byte** entry = Inherited; *entry != null; entry++)
            environment.Add(*entry);
        return environment;
    }

    /// <summary>The C library's <c>environ</c>: .NET decodes its copy as UTF-8, which loses every other byte.</summary>
    private static byte** Inherited =>
        *(byte***)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ");

    private static bool IsGuardOnly(string name) => Array.Exists(GuardOnly, setting => setting.Name == name);

    private static string NameOf(byte* entry)
    {
        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry);
        int end = text.IndexOf((byte)'=');
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
