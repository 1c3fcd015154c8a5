using System.Reflection;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration.Settings;

/// <summary>Every setting is in one group, and those that help shows first are told in half a line.</summary>
public sealed class SettingGroupTests
{
    private const int HalfLine = 51;

    [Fact]
    public void Each_property_that_is_set_from_outside_has_one_row()
    {
        // Follows from whether an address was given.
        string[] derived = [nameof(ServeOptions.IsBackendAddressGiven)];
        IEnumerable<string> properties = typeof(ServeOptions)
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.SetMethod is not null)
            .Select(property => property.Name)
            .Except(derived);
        Assert.Equal(
            properties.Order(StringComparer.Ordinal),
            SettingTable
                .Groups.SelectMany(group => group.Settings)
                .Select(setting => setting.Key)
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void What_help_shows_first_is_short()
    {
        Setting[] first = [.. SettingTable.All.Where(setting => setting.Brief is not null)];
        Assert.InRange(first.Length, 8, 14);
        Assert.All(first, setting => Assert.InRange(setting.Brief!.Length, 5, HalfLine));
    }
}
