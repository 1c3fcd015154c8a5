using DeterministicInference.Receipts.Log;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

public sealed class TilePathTests
{
    [Theory]
    [InlineData("tile/0/x001/x234/067", 0, 1234067, 256)]
    [InlineData("tile/0/x001/x234/067.p/8", 0, 1234067, 8)]
    [InlineData("tile/1/000", 1, 0, 256)]
    [InlineData("tile/63/999.p/255", 63, 999, 255)]
    [InlineData("tile/2/x001/000.p/1", 2, 1000, 1)]
    [InlineData("tile/entries/x123/456", TilePath.EntriesLevel, 123456, 256)]
    [InlineData("tile/entries/000.p/17", TilePath.EntriesLevel, 0, 17)]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/807", 0, long.MaxValue, 256)]
    public void A_path_names_a_tile_and_back(string text, int level, long index, int width)
    {
        Assert.True(TilePath.TryParse(text, out TilePath path));
        Assert.Equal(new TilePath(level, index, width), path);
        Assert.Equal(text, path.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/00")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/001/234")]
    [InlineData("tile/0/x001/x234")]
    [InlineData("tile/0/x001x234/067")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/data/000")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/000.p/1/")]
    [InlineData("tile/0/000/")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/ 00")]
    [InlineData("tile/0/+01")]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/808")]
    public void Any_other_spelling_is_none(string? text) => Assert.False(TilePath.TryParse(text, out _));
}
