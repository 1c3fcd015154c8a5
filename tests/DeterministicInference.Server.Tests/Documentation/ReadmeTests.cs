using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>README shows real output.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed partial class ReadmeTests(SharedServers servers)
{
    private static readonly string Readme = RepositoryFiles.Read("README.md");

    [Fact]
    public async Task The_readme_shows_the_real_answer()
    {
        Match example = CurlAndAnswer().Match(Readme);
        Assert.True(example.Success, "README has no curl example followed by its answer.");
        JsonObject shown = JsonNode.Parse(example.Groups["answer"].Value)!.AsObject();

        JsonObject real = await (await servers.ChatAsync()).Api.JsonAsync(
            example.Groups["path"].Value,
            example.Groups["body"].Value
        );

        // The receipt differs each time, and is too long to show.
        Assert.Equal(Names(real["determinism"]!), Names(shown["determinism"]!));
        Assert.True(shown.Remove("determinism") && real.Remove("determinism"));
        // These members don't repeat.
        foreach (string name in (string[])["id", "created"])
        {
            Assert.True(shown.Remove(name) && real.Remove(name));
        }
        Assert.Equal(real.ToJsonString(), shown.ToJsonString());
    }

    /// <summary>Every block of commands in the section, in one folder, as who pastes them.</summary>
    [Fact]
    public async Task The_proof_of_the_readme_runs_as_it_is_printed()
    {
        Assert.SkipUnless(InstalledProgram.Exists("bash") && InstalledProgram.Exists("curl"), "skipped: needs curl");
        string section = Readme[Readme.IndexOf("## The proof", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", StringComparison.Ordinal)];
        (string Kind, string Text)[] blocks =
        [
            .. Block().Matches(section).Select(block => (block.Groups["kind"].Value, block.Groups["text"].Value)),
        ];
        Assert.Equal(["sh", "text", "sh fails", "text", "sh", "text"], blocks.Select(block => block.Kind));
        string folder = TestModels.NewFolder("proof");
        string path = $"{InstalledCommand.Folder()}:{Environment.GetEnvironmentVariable("PATH")}";

        await using ServeProcess? own = await AtItsPortAsync();
        foreach ((string Kind, string Text)[] pair in blocks.Chunk(2))
        {
            string script = pair[0].Text;
            if (own is null)
            {
                string url = (await servers.ChatAsync()).Url;
                script = script
                    .Replace(ReadmeUrl, url, StringComparison.Ordinal)
                    .Replace(" ask ", $" ask --url {url} ", StringComparison.Ordinal);
            }
            CommandResult result = await InstalledProgram.RunBashAsync($"set -e\n{script}", folder, ("PATH", path));
            Assert.Equal(pair[0].Kind == "sh fails", result.ExitCode != 0);
            Assert.Equal("", result.Error);
            // In this order, with what the dots stand for between them.
            int at = -1;
            foreach (string line in pair[1].Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line == "…")
                    continue;
                var pattern = new Regex($"^{Regex.Escape(line).Replace("…", ".*", StringComparison.Ordinal)}$");
                at = Array.FindIndex(result.OutputLines, at + 1, pattern.IsMatch);
                Assert.True(at >= 0, $"'{line}' is not in {result.Output}");
            }
        }
    }

    private const string ReadmeUrl = "http://127.0.0.1:8080";

    /// <summary>README's first command at README's port; null if somebody else uses that.</summary>
    private static async Task<ServeProcess?> AtItsPortAsync()
    {
        int port = new Uri(ReadmeUrl).Port;
        if (!FreePort.Is(port))
            return null;
        string[] arguments = FirstCommand().Match(Readme).Groups[1].Value.Split(' ');
        Assert.Contains("embedded", arguments);
        try
        {
            ServeProcess server = await ServeProcess.StartAsync(
                ServerProgram.Built,
                arguments,
                launch: new ServeLaunch { ServerPort = port }
            );
            await server.ReadyAsync("Embedded engine");
            return server;
        }
        catch (InvalidOperationException e)
            when (e.Message.Contains("address already in use", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static IEnumerable<string> Names(JsonNode json) => json.AsObject().Select(member => member.Key);

    [Fact]
    public async Task The_readme_shows_the_real_digests()
    {
        CommandResult result = await ServerProgram.Built.RunAsync(["doctor"]);
        Assert.True(result.ExitCode == 0, result.Error);

        foreach (string name in (string[])["logits", "sampled"])
        {
            string[] shown =
            [
                .. Regex
                    .Matches(Readme, $"^{name} +([0-9a-f]{{64}})$", RegexOptions.Multiline)
                    .Select(match => match.Groups[1].Value),
            ];
            string real = Regex
                .Match(result.Output, $"^{name} +([0-9a-f]{{64}})$", RegexOptions.Multiline)
                .Groups[1]
                .Value;
            Assert.True(shown.Length >= 2, $"README compares fewer than two {name} digests.");
            Assert.All(shown, digest => Assert.Equal(real, digest));
        }
    }

    [Fact]
    public void Every_link_of_the_documentation_leads_to_a_file_and_a_heading()
    {
        string[] pages =
        [
            "README.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "CHANGELOG.md",
            .. Directory.GetFiles(Path.Combine(RepositoryFiles.Root, "docs"), "*.md"),
        ];
        foreach (string page in pages)
        {
            string path = Path.Combine(RepositoryFiles.Root, page);
            foreach (Match link in Link().Matches(File.ReadAllText(path)))
            {
                string[] parts = link.Groups[1].Value.Split('#');
                string target = parts[0].Length == 0 ? path : Path.Combine(Path.GetDirectoryName(path)!, parts[0]);
                Assert.True(File.Exists(target), $"{page} links to {link.Groups[1].Value}.");
                if (parts.Length > 1)
                    Assert.Contains(parts[1], Headings(target));
            }
        }
    }

    /// <summary>The names by which links lead to the headings of a page, as GitHub makes them.</summary>
    private static IEnumerable<string> Headings(string page) =>
        Heading()
            .Matches(File.ReadAllText(page))
            .Select(heading =>
                Regex.Replace(heading.Groups[1].Value.ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-')
            );

    [GeneratedRegex(
        @"curl -s http://[^/]+(?<path>/v1/\S+).*?-d '(?<body>[^']+)'\n```\n```json\n(?<answer>\{.*?\})\n```",
        RegexOptions.Singleline
    )]
    private static partial Regex CurlAndAnswer();

    [GeneratedRegex(@"^```(?<kind>.*)\n(?<text>[^`]*?)^```$", RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^dotnet run .* -- (.+)$", RegexOptions.Multiline)]
    private static partial Regex FirstCommand();

    [GeneratedRegex(@"\]\((?!https?:)([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
