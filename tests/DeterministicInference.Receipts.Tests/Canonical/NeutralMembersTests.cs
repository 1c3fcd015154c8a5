using System.Text;
using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Canonical;

/// <summary>Members that say nothing with a certain value are as good as absent.</summary>
public sealed class NeutralMembersTests
{
    /// <summary>Other spellings of a value in the table, and values that are not in it.</summary>
    private static readonly Dictionary<string, (string[] Same, string[] Others)> Spellings = new()
    {
        ["1e0"] = (["1", "1.0", "10e-1", "0.1E1", "1e-0"], ["2", "0", "-1", "1.1", "\"1\"", "true", "[1]"]),
        ["0"] = (["0", "-0", "0.0", "0e5"], ["1", "0.1", "\"0\"", "false"]),
        ["[]"] = (["[]", "[ ]"], ["[null]", "[[]]", "{}", "\"\"", "\"[]\""]),
        ["{}"] = (["{}", "{ \n}"], ["{\"a\":null}", "[]", "\"\"", "\"{}\""]),
        ["false"] = (["false"], ["true", "0", "\"false\"", "[]"]),
        ["true"] = (["true"], ["false", "1", "\"true\"", "{}"]),
        ["{\"type\":\"text\"}"] = (
            ["{ \"type\" : \"text\" }", "{\"\\u0074ype\":\"te\\u0078t\"}"],
            ["{}", "\"text\"", "{\"type\":\"json_object\"}", "{\"type\":\"text\",\"x\":null}"]
        ),
        ["[\"text\"]"] = (["[ \"te\\u0078t\" ]"], ["[]", "\"text\"", "[\"audio\"]", "[\"text\",\"text\"]"]),
    };

    public static TheoryData<string, string, bool> Entries
    {
        get
        {
            var entries = new TheoryData<string, string, bool>();
            foreach ((string name, string value) in NeutralMembers.Everywhere)
                entries.Add(name, value, false);
            foreach ((string name, string value) in NeutralMembers.InChats)
                entries.Add(name, value, true);
            return entries;
        }
    }

    [Theory]
    [MemberData(nameof(Entries))]
    public void Is_left_out_with_its_value_and_bound_with_others(string name, string value, bool isOfChats)
    {
        (string[] same, string[] others) = Spellings[value];
        foreach (string path in CanonicalRequest.Paths)
        {
            bool isNeutral = !isOfChats || path == CanonicalRequest.ChatPath;
            foreach (string spelling in same)
            {
                Assert.Equal(isNeutral, Digest(path, $"\"{name}\":{spelling}") == Digest(path, ""));
                Assert.Equal(
                    isNeutral,
                    Digest(path, $"\"\\u{(int)name[0]:x4}{name[1..]}\":{spelling},\"x\":1") == Digest(path, "\"x\":1")
                );
            }
            Assert.Equal(
                others.Length + 1,
                others.Append("null").Select(other => Digest(path, $"\"{name}\":{other}")).Distinct().Count()
            );
            // Below the top level nothing is left out.
            Assert.NotEqual(Digest(path, $"\"x\":{{\"{name}\":{value}}}"), Digest(path, "\"x\":{}"));
        }
    }

    /// <summary>A member of another name is never one of them.</summary>
    [Theory]
    [InlineData("N", "1")]
    [InlineData("best_of", "1")]
    [InlineData("temperature", "1")]
    [InlineData("top_p", "1")]
    [InlineData("presence_penalty", "0")]
    [InlineData("seed", "0")]
    [InlineData("parallel_tool_calls", "true")]
    [InlineData("tool_choice", "\"auto\"")]
    [InlineData("x", "[]")]
    [InlineData("x", "{}")]
    public void No_other_member_is_left_out(string name, string value) =>
        Assert.NotEqual(
            Digest(CanonicalRequest.ChatPath, $"\"{name}\":{value}"),
            Digest(CanonicalRequest.ChatPath, "")
        );

    private static Sha256Value Digest(string path, string members) =>
        CanonicalRequest.Digest(path, Encoding.UTF8.GetBytes($"{{{members}}}"));
}
