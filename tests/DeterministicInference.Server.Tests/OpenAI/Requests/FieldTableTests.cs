using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;
using Xunit;

namespace DeterministicInference.Server.Tests.OpenAI.Requests;

/// <summary>The table of fields is consistent with itself and with everything that names fields.</summary>
public sealed class FieldTableTests
{
    private static readonly HashSet<string> Paths = [.. RequestFields.Everything.Select(field => field.Path)];

    [Fact]
    public void The_table_is_complete()
    {
        Assert.True(RequestFields.All.Count > 200);
        Assert.All(
            FieldExample.Rows.GroupBy(row => (row.Route, row.Field.Path)),
            rows => Assert.True(rows.Count() == 1, $"{rows.Key} is there twice.")
        );
        // Names are compared by their bytes, and spliced as they are.
        Assert.All(Paths, path => Assert.True(Ascii.IsValid(path) && !path.Any(c => c is '"' or '\\' or ' '), path));
    }

    [Fact]
    public void A_row_names_only_rows()
    {
        foreach (Field field in RequestFields.Everything)
        {
            IEnumerable<string> named = [.. field.Aliases.Select(alias => alias.Path), .. field.OnlyWith];
            if (field.SwitchedOffBy is { } off)
                named = named.Append(off.Name);
            if (field.SameAs is { } same)
                named = named.Append(same);
            Assert.All(named, path => Assert.True(Paths.Contains(path), $"{field.Path} names {path}."));
            Assert.DoesNotContain(field.Path, named);
        }
    }

    [Fact]
    public void Engines_honour_only_fields_of_the_table_and_say_so_once()
    {
        foreach ((string name, EngineFields fields) in EngineRegistry.BuiltIn.KnownFields)
        {
            foreach (RequestRoute route in (RequestRoute[])[RequestRoute.Chat, RequestRoute.Completions])
            {
                Assert.All(fields.Of(route), path => Assert.True(Paths.Contains(path), $"{name}: {path}"));
                // Members of an ignored object are ignored.
                Assert.All(
                    fields.Of(route).Where(path => path.Contains('.', StringComparison.Ordinal)),
                    path => Assert.True(fields.Honours(route, ParentOf(path)), $"{name}: {path}")
                );
            }
        }
    }

    [Fact]
    public void Rules_of_engines_are_about_fields_of_the_table()
    {
        foreach (IEngineKind engine in EngineRegistry.BuiltIn.All)
        {
            RequestRules rules = engine.Requests;
            IEnumerable<string> named =
            [
                .. rules.Defaults.Select(member => member.Key),
                .. rules.Refusals.Select(refusal => refusal.Name),
                .. rules.Spellings.Select(spelling => spelling.Name),
                .. rules.AllTokenIdMembers,
                .. rules.Harmless,
            ];
            Assert.All(named, path => Assert.True(Paths.Contains(path), $"{engine.Name}: {path}"));
        }
    }

    /// <summary>Defaults set for an engine are honoured by it, on both routes.</summary>
    [Fact]
    public void What_is_set_for_an_engine_is_honoured_by_it()
    {
        foreach (IEngineKind engine in EngineRegistry.BuiltIn.All.Where(engine => engine.Requests.Fields is not null))
        {
            foreach ((string name, string json) in engine.Requests.Defaults)
            {
                Field field = RequestFields.Find(RequestRoute.Chat, name)!;
                field.Type.Check(JsonElement.Parse(json), Entered(field));
                if (field.Changes == FieldChange.Answer)
                {
                    Assert.True(engine.Requests.Fields!.Honours(RequestRoute.Chat, name), $"{engine.Name}: {name}");
                    Assert.True(
                        engine.Requests.Fields.Honours(RequestRoute.Completions, name),
                        $"{engine.Name}: {name}"
                    );
                    Assert.True(field.NoEffect.Matches(JsonElement.Parse(json)), $"{engine.Name}: {name}");
                }
            }
        }
    }

    [Fact]
    public void Every_field_that_makes_an_answer_vary_has_a_reason_and_nothing_else_has()
    {
        Assert.Equal(
            RequestFields
                .Everything.Where(field => field.Changes == FieldChange.Nondeterminism)
                .Select(field => field.Path)
                .Order(StringComparer.Ordinal),
            NondeterministicFields.Reasons.Keys.Order(StringComparer.Ordinal)
        );
    }

    /// <summary>A member that a receipt does not bind must not affect the output.</summary>
    [Fact]
    public void What_the_canonical_request_leaves_out_changes_no_answer()
    {
        Field[] removed = [.. RequestFields.All.Where(field => CanonicalRequest.IsRemoved(field.Name))];
        Assert.Equal(12, removed.Length);
        Assert.All(
            removed,
            field => Assert.True(field.Changes is FieldChange.Nothing or FieldChange.Delivery, field.Path)
        );
    }

    /// <summary>
    /// What the canonical request takes for absent is so for every engine, on each route that has the field.
    /// </summary>
    [Fact]
    public void What_the_canonical_request_takes_for_nothing_has_no_effect_anywhere()
    {
        RequestRoute[] both = [RequestRoute.Chat, RequestRoute.Completions];
        IEnumerable<(RequestRoute[] Routes, string Name, string Value)> entries =
        [
            .. NeutralMembers.Everywhere.Select(entry => (both, entry.Key, entry.Value)),
            .. NeutralMembers.InChats.Select(entry => (both[..1], entry.Key, entry.Value)),
        ];
        foreach ((RequestRoute[] routes, string name, string value) in entries)
        {
            Field[] fields = [.. routes.Select(route => RequestFields.Find(route, name)).OfType<Field>()];
            Assert.True(fields.Length > 0, name);
            Assert.All(
                fields,
                field =>
                {
                    JsonElement json = JsonElement.Parse(value);
                    field.Type.Check(json, Entered(field));
                    Assert.True(field.NoEffect.Matches(json), $"{field.Path}: {value}");
                    Assert.True(field.IsNeutralEverywhere, field.Path);
                    Assert.Equal(name, field.Path);
                }
            );
        }
    }

    [Fact]
    public void Every_value_without_effect_is_of_the_fields_type()
    {
        foreach (Field field in RequestFields.Everything)
        {
            foreach (JsonElement value in field.NoEffect.Values)
            {
                field.Type.Check(value, Entered(field));
                Assert.True(field.NoEffect.Matches(value), field.Path);
            }
        }
    }

    [Fact]
    public void A_value_of_every_type_is_taken_and_one_of_another_type_is_refused_by_its_path()
    {
        int refused = 0;
        foreach ((Field field, RequestRoute route) in FieldExample.Rows)
        {
            Check(FieldExample.RequestOf(route, field, FieldExample.ValueOf(field)), route);
            if (FieldExample.WrongValueOf(field) is not { } wrong)
                continue;
            OpenAIException e = Assert.Throws<OpenAIException>(() =>
                Check(FieldExample.RequestOf(route, field, wrong), route)
            );
            Assert.Equal(400, e.Status);
            Assert.StartsWith(FieldExample.PlaceOf(field), e.Param, StringComparison.Ordinal);
            refused++;
        }
        Assert.True(refused > 200);
    }

    [Theory]
    [InlineData("1", "1.0", true)]
    [InlineData("1", "1e0", true)]
    [InlineData("0", "-0", true)]
    [InlineData("0", "false", false)]
    [InlineData("-1 | 0", "0.0", true)]
    [InlineData("-1 | 0", "1", false)]
    [InlineData("[]", "[]", true)]
    [InlineData("[]", "[null]", false)]
    [InlineData("{}", "{}", true)]
    [InlineData("{}", "{\"a\":1}", false)]
    [InlineData("{\"type\":\"text\"}", "{\"x\":1,\"type\":\"text\"}", true)]
    [InlineData("{\"type\":\"text\"}", "{\"type\":\"json_object\"}", false)]
    [InlineData("{\"type\":\"text\"}", "{}", false)]
    [InlineData("\"\"", "\"\"", true)]
    [InlineData("\"none\" | \"auto\"", "\"auto\"", true)]
    [InlineData("\"none\" | \"auto\"", "\"required\"", false)]
    [InlineData("any", "[{}]", true)]
    [InlineData("", "0", false)]
    [InlineData("", "null", true)]
    public void Values_without_effect_count_by_what_they_mean(string noEffect, string value, bool expected) =>
        Assert.Equal(expected, new NoEffect(noEffect).Matches(JsonElement.Parse(value)));

    private static string ParentOf(string path)
    {
        string parent = path[..path.LastIndexOf('.')];
        return parent.EndsWith("[]", StringComparison.Ordinal) ? parent[..^2] : parent;
    }

    private static FieldCheck Entered(Field field)
    {
        var check = new FieldCheck(acceptsText: false);
        check.Enter(field);
        return check;
    }

    private static void Check(string json, RequestRoute route)
    {
        using RequestBody body = RequestBody.Parse(Encoding.UTF8.GetBytes(json));
        RequestFields.Check(body, route, acceptsText: true);
    }
}
