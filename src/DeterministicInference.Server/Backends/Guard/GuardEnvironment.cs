using System.Runtime.InteropServices;
using System.Text;

namespace DeterministicInference.Server.Backends.Guard;

/// <summary>
/// The environment on its way from the server through the guards to the engine. It is copied as bytes: what is not
/// UTF-8 arrives unchanged. The guards run with runtime settings of their own, and the engine gets back what the
/// settings were before.
/// </summary>
internal static unsafe class GuardEnvironment
{
    /// <summary>Carries the random tag by which the engine's processes are known to be ours.</summary>
    public const string TagName = "INFERENCE_GUARD_TAG";

    private const string SavedPrefix = "INFERENCE_GUARD_SAVED_";

    /// <summary>Keep a guard small: one heap, no diagnostics socket (its file would outlive a killed guard), no agents.</summary>
    private static readonly (string Name, string Value)[] s_guardOnly =
    [
        ("DOTNET_gcServer", "0"),
        ("DOTNET_EnableDiagnostics", "0"),
        ("DOTNET_TieredPGO", "0"),
        ("DOTNET_STARTUP_HOOKS", ""),
    ];

    /// <summary>What the server starts a guard with.</summary>
    /// <param name="changes">The engine's variables on top of the server's own.</param>
    /// <param name="unset">The server's variables that the engine must not see.</param>
    /// <param name="tag">The value of <see cref="TagName"/>.</param>
    public static NativeStrings ForGuard(IReadOnlyDictionary<string, string> changes, IReadOnlyList<string> unset, string tag)
    {
        var environment = new NativeStrings();
        var set = new Dictionary<string, string>(changes, StringComparer.Ordinal) { [TagName] = tag };
        // setproctitle writes over the environment, and the tag with it, unless it is told not to.
        set.TryAdd("SPT_NOENV", "1");
        for (byte** entry = Inherited; *entry != null; entry++)
        {
            string name = NameOf(*entry);
            if (set.ContainsKey(name) || unset.Contains(name) || name.StartsWith(SavedPrefix, StringComparison.Ordinal)) continue;
            if (IsGuardOnly(name)) environment.Add(SavedPrefix + Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(*entry)));
            else environment.Add(*entry);
        }
        foreach ((string name, string value) in set) environment.Add((IsGuardOnly(name) ? SavedPrefix : "") + $"{name}={value}");
        foreach ((string name, string value) in s_guardOnly) environment.Add($"{name}={value}");
        return environment;
    }

    /// <summary>What a guard starts the engine with: its own environment with the saved settings in place.</summary>
    public static NativeStrings ForEngine()
    {
        var environment = new NativeStrings();
        for (byte** entry = Inherited; *entry != null; entry++)
        {
            string name = NameOf(*entry);
            if (IsGuardOnly(name)) continue;
            environment.Add(*entry + (name.StartsWith(SavedPrefix, StringComparison.Ordinal) ? SavedPrefix.Length : 0));
        }
        return environment;
    }

    /// <summary>What a guard starts another guard with.</summary>
    public static NativeStrings Unchanged()
    {
        var environment = new NativeStrings();
        for (byte** entry = Inherited; *entry != null; entry++) environment.Add(*entry);
        return environment;
    }

    /// <summary>The C library's <c>environ</c>: .NET's own copy has lost what is not UTF-8.</summary>
    private static byte** Inherited => *(byte***)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ");

    private static bool IsGuardOnly(string name) => Array.Exists(s_guardOnly, setting => setting.Name == name);

    private static string NameOf(byte* entry)
    {
        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry);
        int end = text.IndexOf((byte)'=');
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
