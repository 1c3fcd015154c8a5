using System.Text.Json;
using Xunit;

namespace DeterministicInference.Server.Tests.Architecture;

/// <summary>What is installed with the program: a tool of the build must not come along.</summary>
public sealed class ProgramFilesTests
{
    [Fact]
    public void The_program_has_no_library_but_those_that_it_calls()
    {
        using var dependencies = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "deterministic-inference-server.deps.json"))
        );
        Assert.Equal(
            [
                "BouncyCastle.Cryptography",
                "DeterministicInference.Engine",
                "DeterministicInference.Receipts",
                "Microsoft.Data.Sqlite",
                "Microsoft.Data.Sqlite.Core",
                "SQLitePCLRaw.bundle_e_sqlite3",
                "SQLitePCLRaw.core",
                "SQLitePCLRaw.lib.e_sqlite3",
                "SQLitePCLRaw.provider.e_sqlite3",
                "System.CommandLine",
                "deterministic-inference-server",
            ],
            dependencies
                .RootElement.GetProperty("libraries")
                .EnumerateObject()
                .Select(library => library.Name.Split('/')[0])
                .Order(StringComparer.Ordinal)
        );
    }
}
