using System.Security;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>
/// README's picture of a report is a real one. DIS_WRITE_DOCS=1 draws it anew; else its lines are compared, apart from
/// what is another one each time.
/// </summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed partial class VerifyPictureTests(SharedServers servers)
{
    private const string Picture = "docs/images/verify.svg",
        Command =
            "$ deterministic-inference-server verify answer.json --request request.json --key key.json --against …";
    private const int Columns = 118,
        LineHeight = 17,
        CharacterWidth = 8,
        Margin = 12;

    [Fact]
    public async Task The_picture_shows_a_real_report()
    {
        string folder = TestModels.NewFolder("picture"),
            url = (await servers.ChatAsync()).Url;
        string[] files =
        [
            .. new[] { "answer.json", "request.json", "key.json" }.Select(name => Path.Combine(folder, name)),
        ];
        CommandResult asked = await ServerProgram.Built.RunAsync(["ask", "Who are you?", "--url", url, "-o", folder]);
        Assert.True(asked.ExitCode == 0, asked.Error);
        CommandResult result = await ServerProgram.Built.RunAsync([
            "verify",
            files[0],
            "--request",
            files[1],
            "--key",
            files[2],
            "--against",
            url,
        ]);
        Assert.True(result.ExitCode == 0, result.Error);
        string[] lines = [Command, .. result.Output.TrimEnd('\n').Split('\n').Select(Shortened)];
        if (Environment.GetEnvironmentVariable("DIS_WRITE_DOCS") == "1")
            File.WriteAllText(Path.Combine(RepositoryFiles.Root, Picture), Draw(lines));
        IEnumerable<string> shown = Line()
            .Matches(RepositoryFiles.Read(Picture))
            .Select(line => System.Net.WebUtility.HtmlDecode(line.Groups[1].Value));
        Assert.Equal(lines.Where(line => line.Length > 0).Select(Masked), shown.Select(Masked));
    }

    private static string Shortened(string line) => line.Length <= Columns ? line : line[..(Columns - 1)] + "…";

    private static string Masked(string line) => Varying().Replace(line, "*");

    private static string Draw(string[] lines)
    {
        int width = 2 * Margin + Columns * CharacterWidth,
            height = 2 * Margin + lines.Length * LineHeight;
        var svg = new StringBuilder();
        svg.Append(
            $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="The report of verify: REPRODUCED" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13">
              <rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>

            """
        );
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0)
                continue;
            string colour = lines[i][0] switch
            {
                '$' => "#8b949e",
                '✓' => "#3fb950",
                '–' => "#8b949e",
                _ when i == 1 => "#3fb950",
                _ => "#e6edf3",
            };
            svg.Append(
                $"  <text x=\"{Margin}\" y=\"{Margin + (i + 1) * LineHeight - 4}\" fill=\"{colour}\" xml:space=\"preserve\">{SecurityElement.Escape(lines[i])}</text>\n"
            );
        }
        return svg.Append("</svg>\n").ToString();
    }

    [GeneratedRegex("<text [^>]*>(.*?)</text>")]
    private static partial Regex Line();

    /// <summary>Ids, keys, times, and names of logs.</summary>
    [GeneratedRegex(@"[0-9a-f]{8,}|[0-9-]{10}T[0-9:]{8}Z")]
    private static partial Regex Varying();
}
