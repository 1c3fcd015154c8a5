using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Documentation;
using DeterministicInference.Server.Tests.Gateway.Admission;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Keys are read once, by one grammar, for all users.</summary>
public sealed class ServeKeysTests
{
    [Fact]
    public void What_was_read_once_does_not_need_its_files_again()
    {
        string clients = ApiKeyTests.File("# keys of production\nteam-a file-key-1\nfile-key-2\n"),
            engine = ApiKeyTests.File("engine-key-1\n");
        ResolvedConfiguration configuration = Given
            .Of(
                "--backend",
                "embedded",
                "--api-key",
                "given-key-1",
                "--api-key-file",
                clients,
                "--backend-api-key-file",
                engine
            )
            .Read();
        Assert.Empty(configuration.Problems);
        File.Delete(clients);
        File.Delete(engine);
        ServeKeys keys = configuration.Keys;
        Assert.Equal(["key-1", "team-a", "key-2"], keys.Clients.Select(key => key.Label));
        Assert.Equal("engine-key-1", keys.Engine);
        Assert.Equal(
            "*** *** *** *** team-a production",
            SecretMask
                .Of(configuration.Options, keys, new Dictionary<string, string>())
                .Apply("given-key-1 file-key-1 file-key-2 engine-key-1 team-a production")
        );
    }

    [Fact]
    public void A_key_that_can_not_be_used_is_not_shown_either() =>
        Assert.Equal(["a key", "sk-ü"], ServeKeys.Read(new ServeOptions { ApiKey = ["a key", "sk-ü"] }).Secrets);

    [Theory]
    [InlineData("ServeKeys.Read(", "ResolvedConfiguration.cs")]
    [InlineData("ApiKeySettings.Read(", "ServeKeys.cs")]
    [InlineData("EngineKey.Read(", "ServeKeys.cs")]
    public void The_program_reads_them_in_one_place(string call, string file)
    {
        string server = Path.Combine(RepositoryFiles.Root, "src", "DeterministicInference.Server");
        Assert.Equal(
            [$"Configuration/{file}"],
            Directory
                .GetFiles(server, "*.cs", SearchOption.AllDirectories)
                .Where(source => File.ReadAllText(source).Contains(call, StringComparison.Ordinal))
                .Select(source => Path.GetRelativePath(server, source))
        );
    }
}
