using System.Globalization;
using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Logging;

/// <summary>
/// A file that keeps its name: at its size limit it is renamed to <c>NAME.1</c>, and <c>NAME.1</c> to <c>NAME.2</c> and
/// so on. A file that another program renames, deletes or truncates (logrotate does each) is reopened. Not thread-safe.
/// </summary>
/// <param name="path">Path of the file. A symbolic link is kept: its target is renamed.</param>
/// <param name="maxBytes">Size limit; a line that would exceed it starts a new file.</param>
/// <param name="count">Number of files kept, including the current one.</param>
internal sealed class RotatingFile(string path, long maxBytes, int count) : IDisposable
{
    private string _path = "";
    private FileStream? _file;
    private long _rotateAt;
    private bool _isTorn,
        _couldNotRotate;

    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be opened.</exception>
    public void Open()
    {
        // Unbuffered: once a write returns, the line is in the file or known to be lost.
        _file = new FileStream(
            path,
            FileMode.OpenOrCreate,
            FileAccess.Write,
            FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0
        );
        _path = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        _rotateAt = maxBytes;
        _isTorn &= _file is { CanSeek: true, Length: > 0 };
    }

    /// <summary>Reopens the file where its name leads to another file, or to none. Called periodically.</summary>
    public void Refresh()
    {
        if (_file is not { CanSeek: true })
            return;
        try
        {
            // Different lengths mean different files: only one of two files grows.
            var named = new FileInfo(_path);
            if (named.Exists && named.Length == _file.Length)
                return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Reopening reports the failure.
        }
        Close();
    }

    /// <returns>False if the line was not written.</returns>
    public bool TryWrite(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line);
        try
        {
            if (_file is null)
                Open();
            if (_file!.CanSeek && _file.Length > 0 && _file.Length + bytes.Length > _rotateAt)
                Rotate();
            Append(bytes);
            return true;
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            // The caller counts the line as lost.
            if (_file is null || !File.Exists(_path))
                Close();
            return false;
        }
    }

    /// <summary>
    /// Whether the file has grown beyond its limit because it could not be renamed. True once per failure.
    /// </summary>
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
        // Read anew, as another program may have appended to the file or truncated it.
        long end = _file.Length;
        _file.Position = end;
        try
        {
            // A line that was written in part must not be continued by this one.
            if (_isTorn)
                bytes = [(byte)'\n', .. bytes];
            _file.Write(bytes);
            _isTorn = false;
        }
        catch (Exception e) when (WriteFailure.Is(e))
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
            // Includes files of a run with a larger count.
            for (int i = Math.Max(count - 1, 1); File.Exists(Name(i)); i++)
                File.Delete(Name(i));
            for (int i = count - 2; i >= 1; i--)
            {
                if (File.Exists(Name(i)))
                    File.Move(Name(i), Name(i + 1), overwrite: true);
            }
            if (count > 1)
                File.Move(_path, Name(1), overwrite: true);
            else
                File.Delete(_path);
            Open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file beyond its limit is better than lost lines; the next attempt follows after another full size.
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
