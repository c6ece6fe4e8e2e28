"""The key of a server is made once and read by nobody else."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from coterie.core.secret import secret_key


def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    key = secret_key(tmp_path)
    assert len(key) >= 50
    assert secret_key(tmp_path) == key


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    secret_key(tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_all_who_start_together_have_the_same(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(secret_key, [folder] * 4))) == 1
