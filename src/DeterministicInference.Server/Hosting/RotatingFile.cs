using System.Globalization;
using System.Text;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// A file that always has the same name: at its largest size it becomes <c>NAME.1</c>, what was <c>NAME.1</c> becomes
/// <c>NAME.2</c> and so on. One that somebody else moves away, deletes or empties (logrotate does each) is begun anew. For one
/// thread.
/// </summary>
/// <param name="path">The file. A link stays a link: the file that it leads to is the one that is renamed.</param>
/// <param name="maxBytes">A line that would make the file longer begins a new one.</param>
/// <param name="count">Files that are kept, the present one included.</param>
internal sealed class RotatingFile(string path, long maxBytes, int count) : IDisposable
{
    private string _path = "";
    private FileStream? _file;
    private long _rotateAt;
    private bool _isTorn, _couldNotRotate;

    /// <exception cref="IOException">It can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be opened.</exception>
    public void Open()
    {
        // Unbuffered: a line is in the file when its write returns, or it is known to be lost.
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _path = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        _rotateAt = maxBytes;
        _isTorn &= _file is { CanSeek: true, Length: > 0 };
    }

    /// <summary>Notices that the name stands for another file, or for none. To be called now and then.</summary>
    public void Refresh()
    {
        if (_file is not { CanSeek: true }) return;
        try
        {
            // Two files of which only one grows don't have the same length for long.
            var named = new FileInfo(_path);
            if (named.Exists && named.Length == _file.Length) return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Opening it again will tell.
        }
        Close();
    }

    /// <returns>False if the line is not in the file.</returns>
    public bool TryWrite(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line);
        try
        {
            if (_file is null) Open();
            if (_file!.CanSeek && _file.Length > 0 && _file.Length + bytes.Length > _rotateAt) Rotate();
            Append(bytes);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing can be said here: the caller counts the line.
            if (_file is null || !File.Exists(_path)) Close();
            return false;
        }
    }

    /// <summary>Whether it has grown beyond its largest size, as it could not be renamed. Said once.</summary>
    public bool TakeRotationFailure()
    {
        bool failed = _couldNotRotate;
        _couldNotRotate = false;
        return failed;
    }

    public void Dispose() => Close();

    private void Append(byte[] bytes)
    {
        if (!_file!.CanSeek)
        {
            _file.Write(bytes);
            return;
        }
        // Where the file ends now: another program may have written to it or emptied it.
        long end = _file.Length;
        _file.Position = end;
        try
        {
            // The line that did not fit in whole must not be continued by this one.
            if (_isTorn) bytes = [(byte)'\n', .. bytes];
            _file.Write(bytes);
            _isTorn = false;
        }
        catch (IOException)
        {
            _isTorn |= _file.Length > end;
            throw;
        }
    }

    private void Rotate()
    {
        Close();
        try
        {
            // Also those of a time when more were kept.
            for (int i = Math.Max(count - 1, 1); File.Exists(Name(i)); i++) File.Delete(Name(i));
            for (int i = count - 2; i >= 1; i--)
            {
                if (File.Exists(Name(i))) File.Move(Name(i), Name(i + 1), overwrite: true);
            }
            if (count > 1) File.Move(_path, Name(1), overwrite: true);
            else File.Delete(_path);
            Open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Too long a file is better than lines that are lost; the next try is a whole file later.
            Open();
            _rotateAt = _file!.Length + maxBytes;
            _couldNotRotate = true;
        }
    }

    private string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"{_path}.{number}");

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }
}
