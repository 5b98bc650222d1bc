"""Reading, checking and writing configurations.

Every problem becomes a :class:`regspec.errors.ConfigError` of at most five lines: file and line, key path and
value, what is wrong, what is allowed, and the nearest valid name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

import yaml
from pydantic import BaseModel, ValidationError

from regspec.config.config import Config
from regspec.config.manual import type_text
from regspec.config.model import Parameters, merged
from regspec.errors import ConfigError, did_you_mean
from regspec.io.provenance import atomic_path, content_hash

_NO_FILE = "\n  run in the project's folder, or name a file; `regspec config --write-default config` makes config/config.yaml"
_SHOWN = 60  # characters of a value that an error repeats
_PATTERNS = {r"^[A-Za-z0-9_.-]+$": "letters, digits, `_`, `.` and `-`", r"^[a-z0-9_]+$": "small letters, digits and `_`"}
_HINT = "; did you mean {!r}?"
_HOME = re.compile(r"~[A-Za-z0-9_.-]*/")
_RESOLVED = "# resolved configuration, config_hash: "
# Where files are written and how many processors are used do not change any result.
_NOT_HASHED: Any = {"run": {"name", "directory"}, "compute": True}


Files = str | Path | Iterable[str | Path]  # configuration files: one, or several of which later ones win


class _Loader(yaml.SafeLoader):
    """YAML without duplicate keys and with numbers such as 1e-6 (YAML 1.1 reads that as text)."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)$"), list("-+.0123456789")
)


def load_config(path: Files, overrides: Iterable[str] = (), extra: Mapping | None = None) -> Config:
    """Configuration from one YAML file, or from several of which later ones win.

    Keys that a file leaves out take the defaults of :mod:`regspec.config.config`. ``extra`` is a nested mapping
    (what Snakemake's ``--config`` holds), ``overrides`` are texts ``dotted.key=value``, the value in YAML.
    Raises ConfigError on any problem, in at most five lines.
    """
    paths = [Path(path)] if isinstance(path, (str, Path)) else [Path(p) for p in path]
    whole = Path(" ".join(map(str, paths)))
    if len(paths) > 1 and whole.is_file() and not all(one.is_file() for one in paths):
        raise ConfigError(
            f"{paths[0]}: the name {str(whole)!r} has spaces and came as {len(paths)} names\n"
            f"  put it in quotes; of make in two pairs: make run CONFIG='\"{whole}\"'"
        )
    data: dict[str, Any] = {}
    lines: dict[tuple, str] = {}
    for one in paths:
        content, where = _read(one)
        _merge(data, content, Config)
        lines.update(where)
    if extra:
        _merge(data, _typed(extra), Config)
        lines.update(dict.fromkeys(_paths(extra), "--config"))
    for text in overrides:
        _override(data, lines, text)
    return validate(data, source=", ".join(map(str, paths)), lines=lines)


def validate(data: Mapping, source: str, lines: Mapping[tuple, str] | None = None) -> Config:
    """Build the typed configuration from a mapping. ``lines`` maps key paths to ``file, line n``."""
    lines, data = lines or {}, _home_expanded(data)
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        problems = _scenario_problems(data) or _problems(error)
    key, text = problems[0]
    named = key or tuple(text.split()[0].rstrip(":,").split("."))  # checks of several keys begin with the first one's name
    place = next((lines[named[:n]] for n in range(len(named), 0, -1) if named[:n] in lines), source)
    more = f"\n  ({len(problems) - 1} more in this configuration)" if len(problems) > 1 else ""
    raise ConfigError(f"{place}: {_show(key, data)}\n{text}{more}")


def _home_expanded(data):
    """The same values with ``~/`` and ``~name/`` at the beginning of a text, which only a path has, replaced as by a shell.
    Raises ConfigError for a user who has no folder.
    """
    if isinstance(data, Mapping):
        return {key: _home_expanded(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_home_expanded(value) for value in data]
    if not isinstance(data, str) or not _HOME.match(data):
        return data
    found = os.path.expanduser(data)
    if found == data:
        raise ConfigError(f"{data}: this machine has no folder for {data.partition('/')[0]}\n  write the whole path")
    return found


def config_hash(config: Config) -> str:
    """Digest of everything that can change a result: all keys except run.name, run.directory and compute."""
    return content_hash(config.model_dump(mode="json", exclude=_NOT_HASHED))


def resolved_text(config: Config) -> str:
    """The complete configuration as YAML, with its hash and a check sum of the text in the first line."""
    body = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, width=100)
    return f"{_RESOLVED}{config_hash(config)}, check sum: {content_hash(body)}\n{body}"


def write_resolved(config: Config, path: str | Path) -> None:
    """Write :func:`resolved_text`; :func:`load_config` refuses the file when it was cut off since."""
    with atomic_path(path) as temporary:
        temporary.write_text(resolved_text(config), encoding="utf-8")


# ---------------------------------------------------------------------------------------------- reading


def _read(path: Path) -> tuple[dict, dict[tuple, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        near = did_you_mean(path.name, [p.name for p in _siblings(path)], "{}")
        hint = f"; did you mean {path.parent / near}?" if near else _NO_FILE
        raise ConfigError(f"{path}: no such file{hint}") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; name the configuration file, such as {path / 'config.yaml'}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read ({reason})") from None
    _check_resolved(path, text)
    try:
        node = yaml.compose(text, Loader=_Loader)
        if node is None:
            raise ConfigError(f"{path}: is empty\n  write at least one key, or copy config/config.yaml")
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError(f"{path}: must hold `key: value` sections, found {_kind(node)}")
        lines: dict[tuple, str] = {}
        _scan(node, path, (), lines)
        return yaml.load(text, Loader=_Loader), lines  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = (getattr(error, "problem", None) or str(error)).splitlines()[0]
        raise ConfigError(
            f"{path}{line}: not valid YAML ({problem})\n  is the file cut off, or an indent or a quote wrong?"
        ) from None


def _siblings(path: Path) -> list[Path]:
    return sorted(path.parent.glob("*.y*ml")) if path.parent.is_dir() else []


def _check_resolved(path: Path, text: str) -> None:
    if text.startswith(_RESOLVED):
        head, _, body = text.partition("\n")
        if head.rpartition(" ")[2] != content_hash(body):
            raise ConfigError(f"{path}: edited or cut off after it was written\n  delete it and run again")


def _scan(node: yaml.Node, path: Path, prefix: tuple, lines: dict[tuple, str]) -> None:
    """Record the line of every key; reject duplicates and non-text keys."""
    for key_node, value in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise ConfigError(f"{path}, line {key_node.start_mark.line + 1}: a key must be plain text")
        key = (*prefix, key_node.value)
        place = f"{path}, line {key_node.start_mark.line + 1}"
        if key in lines:
            first = lines[key].rsplit(" ", 1)[-1]
            raise ConfigError(f"{place}: {'.'.join(key)} is given twice (first in line {first}); keep one")
        lines[key] = place
        if isinstance(value, yaml.MappingNode):
            _scan(value, path, key, lines)


def _kind(node: yaml.Node) -> str:
    return "a list" if isinstance(node, yaml.SequenceNode) else f"the single value {node.value!r}"


def _merge(into: dict, extra: Mapping, model: type[BaseModel]) -> None:
    """Sections are merged; lists, scenarios and industry groups are replaced as a whole."""
    for key, value in extra.items():
        field = model.model_fields.get(key)
        section = field.annotation if field else None
        if not isinstance(value, Mapping):
            into[key] = value
        elif _is_section(section):
            if not isinstance(into.get(key), dict):
                into[key] = {}
            _merge(into[key], value, section)
        else:
            into[key] = {}
            _merge(into[key], value, BaseModel)


def _override(data: dict, lines: dict, text: str) -> None:
    key, equals, raw = text.partition("=")
    parts = tuple(key.strip().split("."))
    if not equals or not all(parts):
        raise ConfigError(f"--set {text}: expected dotted.key=value, such as model.parameters.theta=0.4")
    try:
        value = yaml.load(raw, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError:
        raise ConfigError(f"--set {text}: the value is not valid YAML") from None
    target = data
    for part in parts[:-1]:
        if not isinstance(target.setdefault(part, {}), dict):
            raise ConfigError(f"--set {text}: {part!r} holds a single value, not a section")
        target = target[part]
    target[parts[-1]] = value
    place = f"--set {_shortened(text)}"
    for n in range(1, len(parts)):
        lines.setdefault(parts[:n], place)
    lines[parts] = place


def _typed(value):
    """Numbers and the like in the values of Snakemake's ``--config``, which arrive as text."""
    if isinstance(value, Mapping):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return yaml.load(value, Loader=_Loader) if isinstance(value, str) else value  # noqa: S506


def _paths(data: Mapping, prefix: tuple = ()) -> Iterable[tuple]:
    for key, value in data.items():
        yield (*prefix, key)
        if isinstance(value, Mapping):
            yield from _paths(value, (*prefix, key))


# ---------------------------------------------------------------------------------------------- errors


def _problems(error: ValidationError) -> list[tuple[tuple, str]]:
    """(key path, explanation) of each wrong key, unknown keys first because they explain missing ones."""
    found: dict[tuple, str] = {}
    for item in sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden"):
        key, section = _locate(item["loc"])
        found.setdefault(key, _explain(dict(item), key, section))
    return list(found.items())


def _locate(loc: tuple, model: type[BaseModel] = Config) -> tuple[tuple, type[BaseModel] | None]:
    """The key path of a pydantic location, without its marks of union members, and the enclosing section."""
    if not loc:
        return (), None
    name, rest = str(loc[0]), loc[1:]
    field = model.model_fields.get(name)
    if field is None or not rest:
        return (name,), model
    head: tuple[str, ...] = (name,)
    inner: Any = field.annotation
    if _entry_model(inner) is not None:
        head, inner, rest = (name, str(rest[0])), _entry_model(inner), rest[1:]
        if not rest or rest[0] == "[key]":
            return head, None
    if not _is_section(inner):
        return head, model
    tail, owner = _locate(rest, inner)
    return (*head, *tail), owner


def _is_section(annotation) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _entry_model(annotation) -> type[BaseModel] | None:
    """The section type of the entries of ``dict[str, Section]``, else None."""
    arguments = getattr(annotation, "__args__", ())
    last = arguments[-1] if arguments else None
    return last if _is_section(last) else None


def _explain(item: dict, key: tuple, model: type[BaseModel] | None) -> str:
    if item["type"] == "extra_forbidden":
        return _unknown(key[-1], model.model_fields if model else ())
    if item["input"] is None:
        return "  is empty: is the file cut off? Give a value, or leave the key out to take the default"
    if item["type"] == "value_error":
        return f"  {str(item['ctx']['error']).splitlines()[0]}"
    field = model.model_fields.get(key[-1]) if model else None
    allowed = f"\n  allowed: {type_text(field)}" if field else ""
    return f"  {_message(item, key)}{_near_value(item, field)}{allowed}"


def _message(item: dict, key: tuple) -> str:
    if item["type"] == "model_type":
        return "must hold `key: value` lines: is the file cut off, or an indent wrong?"
    if len(item["loc"]) > len(key) and str(item["loc"][len(key)]) not in ("[key]", "0"):
        return "fits none of the allowed forms"  # a union: pydantic lists a complaint for every member
    context = item.get("ctx", {})
    if item["type"] in ("too_long", "too_short"):
        bound = f"more than {context['max_length']}" if "max_length" in context else f"fewer than {context['min_length']}"
        return f"has {len(item['input'])} entries, {bound}"
    if item["type"] == "string_pattern_mismatch" and context["pattern"] in _PATTERNS:
        return f"may hold {_PATTERNS[context['pattern']]} only"
    if isinstance(item["input"], str) and re.fullmatch(r"-?\d+,\d+", item["input"]):
        return "is text: write decimals with a point"
    return item["msg"][0].lower() + item["msg"][1:]


def _unknown(name: str, allowed: Iterable[str]) -> str:
    allowed = list(allowed)
    hint = did_you_mean(name, allowed, _HINT)
    elsewhere = [path for path in _key_paths(Config) if path.rpartition(".")[2] == name]
    if elsewhere:
        hint = f" in this place; there is {' and '.join(elsewhere[:3])}"
    return f"  unknown key{hint}\n  allowed here: {', '.join(allowed)}"


def _key_paths(model: type[BaseModel], prefix: str = "") -> Iterable[str]:
    """Dotted paths of all keys of ``model``."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        if _is_section(field.annotation):
            yield from _key_paths(field.annotation, f"{prefix}{name}.")


def _near_value(item: dict, field) -> str:
    if item["type"] != "literal_error" or not isinstance(item["input"], str):
        return ""
    return did_you_mean(item["input"], re.findall(r"'([^']*)'", item["ctx"]["expected"]), _HINT)


def _scenario_problems(data: Mapping) -> list[tuple[tuple, str]]:
    """Wrong overrides in ``scenarios.<name>.parameters``; the base parameters must be valid by themselves."""
    try:
        base = Parameters.model_validate(data.get("model", {}).get("parameters", {})).model_dump()
        overrides = {name: spec.get("parameters", {}) for name, spec in data.get("scenarios", {}).items()}
        found = []
        for name, values in overrides.items():
            prefix = ("scenarios", str(name), "parameters")
            for key in sorted(set(values) - set(base)):
                found.append(((*prefix, key), _unknown(key, base)))
            try:
                Parameters.model_validate(merged(base, {k: v for k, v in values.items() if k in base}))
            except ValidationError as error:
                for item in error.errors():
                    key, owner = _locate(item["loc"], Parameters)
                    found.append(((*prefix, *key), _explain(dict(item), (*prefix, *key), owner)))
        return found
    except (ValidationError, AttributeError, TypeError):
        return []


def _show(key: tuple, data: Mapping) -> str:
    value = data
    for part in key:
        if not isinstance(value, Mapping):
            return ".".join(key)
        if part not in map(str, value):
            return ".".join(key)
        value = next(v for k, v in value.items() if str(k) == part)
    if not key:
        return "inconsistent configuration"
    return f"{'.'.join(key)} = {_shortened(repr(value))}"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
