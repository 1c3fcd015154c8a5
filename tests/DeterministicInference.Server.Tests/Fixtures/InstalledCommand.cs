using System.Runtime.Versioning;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>The built program under the name that an installed one has.</summary>
[UnsupportedOSPlatform("windows")]
internal static class InstalledCommand
{
    /// <summary>A new folder for PATH.</summary>
    public static string Folder()
    {
        string folder = TestModels.NewFolder("bin"),
            file = Path.Combine(folder, "deterministic-inference-server");
        ServerProgram program = ServerProgram.Built;
        File.WriteAllText(file, $"#!/bin/sh\nexec '{program.File}' '{string.Join("' '", program.Leading)}' \"$@\"\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return folder;
    }
}
